"""When a ballot closes, read in three zones: one moment, said in the cooperative's zone by name.

Where the reader's clock says something else, their own time stands beside it.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from governance.models import Proposal
from tests.governance.votes import make_town, open_motion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HERE = "Europe/Madrid"
ELSEWHERE = ("America/La_Paz", "Asia/Kathmandu")
PAGES = ("/decisions/", "/decisions/calendar/", "/decisions/{}/")


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def proposal() -> Proposal:
    return open_motion(make_town())


def clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def closing_line(page: Page) -> str:
    """The last time on a page that names its zone, with what follows it."""
    mark = page.locator("[data-instant]").last
    return str(mark.evaluate("mark => mark.previousElementSibling.textContent + mark.textContent"))


@pytest.mark.parametrize("script", [True, False])
def test_close_times_in_three_zones(
    live_server: LiveServer, browser: Browser, proposal: Proposal, script: bool
) -> None:
    closes = proposal.closes_at
    assert closes is not None
    for zone in (HERE, *ELSEWHERE):
        context = browser.new_context(timezone_id=zone, java_script_enabled=script, locale="en-GB")
        page = context.new_page()
        for path in PAGES:
            page.goto(live_server.url + path.format(proposal.pk))
            line = closing_line(page)
            assert f"{clock(closes, HERE)}{HERE}" in line, (zone, path)
            own = f"{clock(closes, zone)} where you are"
            assert (own in line) == (script and zone != HERE), (zone, path, line)
        context.close()
