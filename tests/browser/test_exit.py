"""Going, in a browser: the exit wizard from what is held to the notice and back, and the desk."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from members.models import Member, User
from tests.browser.test_look import Look, window_of
from tests.makers import agree, all_wrong
from titles.models import Leaving, RedemptionRequest, RedemptionRun
from titles.services import set_class

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("COOP_PICTURES", "")


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def demo() -> None:
    """The demo cooperative, with a limit and without a notice for giving back."""
    agree("redemption_notice_days", 0)
    build.build()


class Walk:
    """One window: each page is looked at wide and narrow, light and dark, and may be kept."""

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page, self.look = page, Look(page, server.url)

    def at(self, path: str, name: str) -> None:
        """Open a page and look at it."""
        self.look.at(path)
        self.keep(name)
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def here(self, name: str) -> None:
        """Look at the page that is open."""
        self.look.faults += [f"{name}: {fault}" for fault in self.look.faults_now()]
        self.keep(name)

    def keep(self, name: str) -> None:
        """Pictures of it, where somebody wants them."""
        for width, theme in ((1280, "light"), (320, "dark")) if PICTURES else ():
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            target = Path(PICTURES) / f"{name}-{width}-{theme}.png"
            self.page.screenshot(path=target, full_page=True)

    def press(self, name: str) -> None:
        """Press the button or follow the link of this name."""
        main = self.page.locator("main")
        button = main.get_by_role("button", name=name)
        with self.page.expect_navigation():
            (button.or_(main.get_by_role("link", name=name))).first.click()

    def says(self, text: str) -> bool:
        """Whether the page says this."""
        return text in self.page.locator("main").inner_text()


def walk(browser: Browser, server: LiveServer, email: str) -> Walk:
    return Walk(window_of(browser, server, User.objects.get(email=email)), server)


@pytest.mark.usefixtures("demo")
def test_a_member_leaves_through_the_wizard_and_comes_back(
    live_server: LiveServer, browser: Browser
) -> None:
    ben = walk(browser, live_server, "dario@example.org")
    ben.at("/titles/", "titles")
    ben.press("Give shares back")
    ben.press("Leave the cooperative")
    ben.here("leave")
    ben.press("Go on to the review")
    ben.here("review")
    assert not Leaving.objects.exists()
    ben.press("Begin my leaving")
    assert ben.says("You gave notice on")
    ben.here("under-way")
    dario = Member.objects.get(name="Dario Conti")
    assert dario.state == Member.State.LEAVING
    ben.press("I stay after all")
    dario.refresh_from_db()
    assert dario.state == Member.State.ACTIVE
    assert ben.look.faults == []
    assert all_wrong() == []


@pytest.mark.usefixtures("demo")
def test_shares_are_given_back_and_a_steward_serves_them_after_a_preview(
    live_server: LiveServer, browser: Browser
) -> None:
    eva = walk(browser, live_server, "eva@example.org")
    eva.at("/redemptions/pool/storage/", "redeem")
    eva.page.get_by_label("Number of shares").fill("10")
    eva.press("Put it into the queue")
    assert eva.says("Place 2 in the queue")
    eva.at("/redemptions/", "requests")
    request = RedemptionRequest.objects.latest("pk")
    set_class(request_id=request.pk, klass="hardship", reason="ill for long", actor=None)
    ana = walk(browser, live_server, "ana@example.org")
    ana.at("/stewardship/exits/", "desk")
    ana.at(f"/stewardship/exits/requests/{request.pk}/", "turn")
    ana.at("/stewardship/exits/pool/storage/", "queue")
    assert not RedemptionRun.objects.exists()
    if ana.says("Serve and book it"):
        ana.press("Serve and book it")
        assert RedemptionRun.objects.count() == 1
        ana.here("served")
    assert eva.look.faults + ana.look.faults == []
    assert all_wrong() == []
