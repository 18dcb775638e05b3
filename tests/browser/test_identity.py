"""Keys, vouching and one's data in a browser: registered, vouched for, taken away."""

import base64
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import identity
from members.identity.statements import Draft
from members.models import ErasureRequest, Member, User
from members.services import change_state
from members.services.erasure import ask_erasure
from tests.browser.test_look import LOOKS, WIDER, window_of
from tests.makers import agree, make_member, make_steward
from tests.members.signers import Signer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = Axe()


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def look(page: Page, name: str) -> None:
    """axe finds nothing and nothing is too wide, wide in light and narrow in dark."""
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        assert page.evaluate(WIDER) <= 0, f"{name} at {width}"
        found = [
            (v["id"], v["nodes"][0]["html"][:200]) for v in AXE.run(page).response["violations"]
        ]
        assert found == [], f"{name} at {width}"
        if folder := os.environ.get("COOP_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def press(page: Page, name: str) -> None:
    main = page.locator("main")
    found = main.get_by_role("button", name=name, exact=True).or_(
        main.get_by_role("link", name=name, exact=True)
    )
    with page.expect_navigation():
        found.first.click()


def sign_what_is_shown(page: Page, signer: Signer) -> None:
    """Download the statement, sign it as coop-key would, and paste the answer."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the statement").click()
    drafted = Draft(*read_draft(Path(download.value.path())))
    page.get_by_label("Signed statement").fill(signer.sign(drafted).as_json().decode())


def read_draft(file: Path) -> tuple[str, bytes]:
    wire = json.loads(file.read_text())
    return wire["payloadType"], base64.b64decode(wire["payload"])


@pytest.fixture
def people() -> dict[str, Member]:
    """Four members who vouch as in the demo, and one without a key."""
    found = {name: make_member(name.capitalize()) for name in ("ana", "ben", "chloe", "dario")}
    identity.sign_and_vouch(found)
    return found | {"eva": make_member("Eva")}


def test_a_member_registers_a_key_and_vouches(
    live_server: LiveServer, browser: Browser, people: dict[str, Member]
) -> None:
    eva = Signer(people["eva"])
    page = window_of(browser, live_server, eva.member.user, accept_downloads=True)
    page.goto(f"{live_server.url}/me/keys/")
    look(page, "keys-none")
    page.get_by_label("Public key").fill(eva.public_key)
    press(page, "Show what to sign")
    look(page, "key-new")
    sign_what_is_shown(page, eva)
    press(page, "Take this as my key")
    assert "This is your key now." in page.content()
    look(page, "keys")
    page.goto(f"{live_server.url}/me/vouching/")
    page.get_by_label("Member number").fill(str(people["ana"].number))
    press(page, "Show who vouches for whom")
    look(page, "vouching-to-nobody")
    press(page, "Show what to sign")
    look(page, "vouch")
    sign_what_is_shown(page, eva)
    press(page, "Vouch")
    assert "You vouch for the key of Ana." in page.content()
    look(page, "vouching")
    page.goto(f"{live_server.url}/me/vouching/{people['chloe'].number}/")
    text = page.locator("main ol").inner_text()
    assert "Ben" in text and "Dario" in text
    look(page, "paths")
    page.goto(f"{live_server.url}/me/keys/end/")
    look(page, "key-end")
    page.get_by_label("lost").check()
    page.get_by_label("In a sentence").fill("The laptop is gone.")
    press(page, "End the key")
    assert "The laptop is gone." in page.content()
    look(page, "keys-earlier")
    page.context.close()


def test_a_person_takes_their_data_and_is_forgotten(
    live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    agree("retention_days", 0)
    steward, member = make_steward("Stella"), make_member("Zoë Quint")
    page = window_of(browser, live_server, member.user, accept_downloads=True)
    page.goto(f"{live_server.url}/me/data/")
    look(page, "my-data")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    assert "README.txt" in zipfile.ZipFile(Path(download.value.path())).namelist()
    change_state(member_id=member.pk, to="left", reason="resignation", actor=None)
    page.reload()
    press(page, "Ask for erasure")
    look(page, "my-data-waits")
    page.context.close()
    other = make_member("Ben Ortega")
    change_state(member_id=other.pk, to="left", reason="resignation", actor=None)
    request = ask_erasure(member_id=other.pk, actor=None)
    page = window_of(browser, live_server, steward)
    page.goto(f"{live_server.url}/stewardship/erasure/")
    look(page, "erasures")
    press(page, "Look at the request of Zoë Quint")
    look(page, "erase")
    press(page, "Erase this person")
    assert "The person was erased." in page.content()
    page.goto(f"{live_server.url}/stewardship/erasure/{request.pk}/refuse/")
    look(page, "erasure-refuse")
    page.context.close()
    member.refresh_from_db()
    assert member.name == "(erased)"
    assert ErasureRequest.objects.get(member=member).state == "done"
    assert User.objects.get(pk=member.user_id).is_active is False
