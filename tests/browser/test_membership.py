"""From the application to the register of yesterday, by hand in the browser."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import Member, User
from tests.browser.test_look import AXE, WIDER, window_of
from tests.makers import make_steward, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


class Walker:
    """Somebody signed in, who presses buttons and whose pages all stand up to axe."""

    def __init__(self, browser: Browser, server: LiveServer, user: User) -> None:
        self.page: Page = window_of(browser, server, user, locale="en-GB")
        self.address = server.url

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def press(self, name: str) -> None:
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
        with self.page.expect_navigation():
            found.first.click()
        assert AXE.run(self.page).response["violations"] == []
        self.page.set_viewport_size({"width": 320, "height": 900})
        assert self.page.evaluate(WIDER) <= 0
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def reads(self, text: str) -> bool:
        return text in self.page.locator("main").inner_text()


def test_from_the_application_to_the_register_of_any_day(
    live_server: LiveServer, browser: Browser
) -> None:
    steward, newcomer = make_steward(), make_user("carla@example.org")
    carla = Walker(browser, live_server, newcomer)
    carla.go("/join/")
    carla.fill(name="Carla Conti", address="Mill Lane 4", phone="+34 600")
    carla.page.locator("[name=bylaws]").check()
    carla.press("Apply for membership")
    assert carla.reads("Your application is with the stewards")

    stella = Walker(browser, live_server, steward)
    stella.go("/stewardship/applications/")
    stella.press("Admit Carla Conti")
    stella.press("Admit as member 2")
    stella.press("The register")
    stella.press("Carla Conti")
    assert stella.reads("Member 2, person.")
    stella.press("Change name or address")
    stella.fill(name="Carla Conti-Serra")
    stella.press("Record it")
    assert stella.reads("Carla Conti-Serra")
    stella.press("Record a change")
    stella.page.get_by_label("suspended: default").check()
    stella.fill(text="Three charges unpaid.", appeal="To the board, within 30 days.")
    stella.press("Record it")
    assert stella.reads("Three charges unpaid.")

    carla.go("/membership/")
    assert carla.reads("Your membership is suspended")
    carla.press("Write an appeal")
    carla.fill(text="I have paid.")
    carla.press("Send the appeal")
    assert carla.reads("I have paid.")

    stella.go("/register/")
    assert stella.reads("there were 2 members")
    assert stella.reads("Carla Conti-Serra")
    stella.fill(day=(timezone.localdate() - timedelta(days=1)).isoformat())
    stella.press("Show")
    assert stella.reads("there were 0 members")
    with stella.page.expect_download() as download:
        stella.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("members-")
    assert Member.objects.get(number=2).state == "suspended"
    carla.page.context.close()
    stella.page.context.close()
