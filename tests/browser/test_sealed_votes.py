"""A sealed election in the browser, without script: the ballot, the tracker, the published list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from governance.models import Ballot
from members.models import User
from tests.governance.sealed.ceremony import Ceremony, close, opened, people
from tests.governance.votes import make_town

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def test_a_sealed_ballot_is_cast_and_found_without_script(
    live_server: LiveServer, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = make_town(owners=())
    people(town)
    ceremony = Ceremony(town, tmp_path, monkeypatch)
    ceremony.offer_keys()
    proposal = opened(ceremony)
    page = page_of(browser, live_server, town.members["dora"].user)
    page.goto(f"/decisions/{proposal.pk}/sealed/vote/")
    page.get_by_role("button", name="chloe up").click()
    page.get_by_role("button", name="ana up").click()
    tracker = page.locator("#id_tracker").input_value()
    page.get_by_role("button", name="Seal it here and cast it").click()
    expect(page.get_by_text("Entry 1 of 1")).to_be_visible()
    assert Ballot.objects.get().choices == {}
    for name in ("ana", "ben", "chloe", "emil"):
        ceremony.vote(proposal, name, [])
    closed = close(proposal)
    assert ceremony.tally(closed, "ana", "ben") == 0
    ceremony.publish(closed)
    page.goto(f"/decisions/{proposal.pk}/sealed/")
    row = page.get_by_role("row").filter(has_text=tracker)
    expect(row).to_contain_text("1. chloe, 2. ana")
    page.context.close()
    page = page_of(browser, live_server, town.members["dora"].user, script=True)
    for path in ("sealed/", "sealed/elsewhere/", "sealed/vote/"):
        page.goto(f"/decisions/{proposal.pk}/{path}")
        sound(page)
    page.context.close()


def page_of(
    browser: Browser, server: LiveServer, user: User | None, *, script: bool = False
) -> Page:
    """A narrow, dark window of this member; axe needs script, they do not."""
    client = Client()
    assert user is not None
    client.force_login(user)
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": 320, "height": 700},
        color_scheme="dark",
        locale="en-GB",
        java_script_enabled=script,
    )
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    return context.new_page()


def sound(page: Page) -> None:
    """axe finds nothing, and nothing is wider than the window."""
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate(WIDER) == 0
