"""Usage in a browser: a bar leads to readings, a day is disputed and answered, a limit is set."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from members.models import User
from metering.models import Dispute
from tests.browser.test_look import WIDER, window_of
from tokens.models import OverageWish, Period

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = ((1280, "light"), (320, "dark"))


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def said(page: Page) -> str:
    return page.locator("main").inner_text()


def press(page: Page, name: str) -> None:
    main = page.locator("main")
    found = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
    with page.expect_navigation():
        found.first.click()


def looked_at(page: Page) -> None:
    """axe finds nothing, and nothing is wider than the window."""
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert page.evaluate(WIDER) <= 0, (page.url, width)
        found = Axe().run(page)
        assert not found.response["violations"], (page.url, found.generate_report())
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_day_is_disputed_and_answered_and_a_limit_is_set(
    live_server: LiveServer, browser: Browser
) -> None:
    build.build()
    last = Period.objects.filter(state="closed").latest("start")
    page = window_of(browser, live_server, User.objects.get(email="ana@example.org"))
    page.goto(f"{live_server.url}/usage/?period={last.code}")
    assert "Counted late" in said(page)
    looked_at(page)
    day = last.start.astimezone().date()
    page.goto(
        f"{live_server.url}/usage/dispute/?pool=backbone&resource=bandwidth&day={day:%Y-%m-%d}"
    )
    press(page, "Dispute it")
    assert "required" in said(page).lower() or Dispute.objects.filter(member__number=1).count() == 0
    page.get_by_label("What is wrong").fill("I was on the mountain all day")
    looked_at(page)
    press(page, "Dispute it")
    page.goto(f"{live_server.url}/usage/?period={last.code}")
    assert "waits for an answer" in said(page)
    page.goto(f"{live_server.url}/tokens/")
    press(page, "Do not let me go over")
    assert "I do not let myself go over" in said(page)
    assert not OverageWish.objects.get().may_go_over
    looked_at(page)
    press(page, "Let me go over")
    answer_it(page, live_server)
    page.context.close()


def answer_it(page: Page, live_server: LiveServer) -> None:
    """Ana is a steward too."""
    page.goto(f"{live_server.url}/stewardship/disputes/")
    looked_at(page)
    press(page, "Answer")
    page.get_by_label("Answer", exact=True).fill("The log of the mast agrees with you.")
    page.get_by_label("Correct the use by").fill("−1")
    looked_at(page)
    press(page, "Answer")
    assert "The log of the mast agrees with you." in said(page)
    page.goto(f"{live_server.url}/stewardship/usage/1/")
    assert "Correct the use" in said(page)
    looked_at(page)
