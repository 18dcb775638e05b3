"""Simulations in a browser: from today's state to two results beside each other."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from coop.models import SimulationRun
from coop.simulations import running
from members.models import User
from tests.browser.test_look import Look, window_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]
PAGE = "/stewardship/simulation/"


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def path_of(page: Page, server: LiveServer) -> str:
    return page.url.removeprefix(server.url)


def test_today_is_played_changed_and_compared(live_server: LiveServer, browser: Browser) -> None:
    build.build()
    ana = User.objects.get(email="ana@example.org")
    page = window_of(browser, live_server, ana)
    look = Look(page, live_server.url)
    look.at(PAGE)
    look.at(PAGE + "new/")
    page.goto(live_server.url + PAGE)
    press(page, "Begin with today")
    first = path_of(page, live_server)
    look.at(first)
    page.get_by_label("Months").fill("3")
    page.get_by_label("Growth of all use, a month").fill("lots")
    press(page, "Play it")
    assert page.get_by_label("Growth of all use, a month").input_value() == "lots"
    assert page.locator("#id_growth_error").count() == 1
    page.get_by_label("Growth of all use, a month").fill("0")
    press(page, "Play it")
    look.at(first)
    page.goto(live_server.url + first)
    running.play_queued()
    expect(page.get_by_role("heading", name="Members at the end")).to_be_visible(timeout=20_000)
    look.at(first)
    page.goto(live_server.url + first)
    press(page, "Try a variation")
    page.get_by_label("Name", exact=True).fill("Dearer and growing")
    page.get_by_label("Growth of all use, a month").fill("1/10")
    page.get_by_label("Cost a month").first.fill("900")
    page.get_by_label("New members a month").fill("2")
    page.get_by_label("Use of each new member").first.fill("40")
    press(page, "Play it")
    second = path_of(page, live_server)
    running.play_queued()
    page.goto(live_server.url + second)
    press(page, "Compare")
    assert re.search(r"a=\d+", page.url) and re.search(r"b=\d+", page.url)
    assert page.locator("svg polyline.other").count() > 0
    assert "▲" in page.locator("main").inner_text()
    look.at(path_of(page, live_server))
    look.at(second + "delete/")
    assert look.faults == []
    page.context.close()
    without_script(browser, live_server, ana)


def without_script(browser: Browser, live_server: LiveServer, ana: User) -> None:
    """The same pages, whole, where nothing is polled."""
    page = window_of(browser, live_server, ana, java_script_enabled=False)
    run = SimulationRun.objects.latest("pk")
    page.goto(live_server.url + f"{PAGE}{run.pk}/")
    press(page, "Try a variation")
    press(page, "Play it")
    assert page.get_by_role("link", name="Look again").count() == 1
    press(page, "Stop it")
    assert "stopped" in page.locator("main").inner_text()
    press(page, "Run it again")
    press(page, "Stop it")
    page.get_by_role("link", name="Delete it").click()
    press(page, "Delete it for good")
    assert path_of(page, live_server) == PAGE
    assert page.locator("main h1").count() == 1
    page.context.close()
