"""A whole close in a browser, with its progress; a charge followed to its reading and its title."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from members.models import Member, User
from members.services import grant_role, register_user
from payments.models import Charge
from policies.services import set_policy
from tests.browser.test_look import Look, window_of
from tests.valley import JULY, JUNE, Valley, make_valley
from titles.services import settle_charges
from tokens.models import CloseRun, Period
from tokens.services import STEPS
from tokens.services.run import carry_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLOSE = "/stewardship/periods/2026-06/"


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def valley_in_use() -> Valley:
    """The worked period, used, with a band around its cost and next month's cost far beyond it."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    for key, value in (("budget_band", [1, 10]), ("carried_band", [1, 2])):
        set_policy(actor=None, key=key, value=value, valid_from=JUNE, source="founding")
    return valley


def user_of(member: Member, *, steward: bool = False) -> User:
    user = register_user(email=f"{member.name}@example.org", password="a long pass phrase")
    Member.objects.filter(pk=member.pk).update(user=user)
    if steward:
        grant_role(user=user, name="steward", actor=None, source="founding")
    return user


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()


def without_script(browser: Browser, server: LiveServer, user: User) -> Page:
    return window_of(browser, server, user, java_script_enabled=False, locale="en-GB")


def test_a_whole_close_shows_by_itself_how_far_it_is(
    live_server: LiveServer, browser: Browser
) -> None:
    valley = valley_in_use()
    steward = user_of(valley.members["ana"], steward=True)
    page = window_of(browser, live_server, steward, locale="en-GB")
    look = Look(page, live_server.url)
    look.at("/stewardship/periods/coming/")
    look.at(CLOSE)
    page.goto(live_server.url + CLOSE)
    press(page, "Close the whole period")
    press(page, "Show all that it will book")
    assert "nothing is booked yet" in page.locator("main").inner_text()
    look.faults += [f"preview: {fault}" for fault in look.faults_now()]
    page.get_by_label("Until tokens have expired").check()
    press(page, "Start the close")
    run = CloseRun.objects.get()
    for number, _step in enumerate(STEPS[:4]):
        status = page.get_by_role("status")
        expect(status).to_contain_text(f"{number} of 6 steps are done")
        look.faults += [f"{number} steps: {fault}" for fault in look.faults_now()]
        carry_on(run.pk)
    # The page has read itself anew: the charges are there without anybody asking for them.
    expect(page.get_by_role("link", name="Do all that is left")).to_be_visible()
    expect(page.locator("main")).to_contain_text("€96.00")
    settle_charges(period_code="2026-06", actor=None)
    page.context.close()
    plain = without_script(browser, live_server, steward)
    plain.goto(live_server.url + CLOSE)
    press(plain, "Do all that is left")
    press(plain, "Start the close")
    expect(plain.get_by_role("status")).to_contain_text("4 of 6 steps are done")
    while carry_on(CloseRun.objects.latest("pk").pk):
        press(plain, "Look again")
    press(plain, "Look again")
    assert plain.get_by_role("status").count() == 0
    assert Period.objects.get(code="2026-06").state == "closed"
    plain.context.close()
    assert look.faults == []


def test_a_stopped_close_says_what_to_do(live_server: LiveServer, browser: Browser) -> None:
    valley = valley_in_use()
    steward = user_of(valley.members["ana"], steward=True)
    CloseRun.objects.create(
        period=valley.period, moment=JULY, started_by=steward, state="stopped", step="settle",
        error_code="below_depreciation", error="The actual cost lies below what was written off.",
    )  # fmt: skip
    page = window_of(browser, live_server, steward, locale="en-GB")
    look = Look(page, live_server.url)
    look.at(CLOSE)
    look.at(f"{CLOSE}whole/")
    page.goto(live_server.url + CLOSE)
    expect(page.get_by_role("alert")).to_contain_text("below what was written off")
    press(page, "Carry the close on")
    press(page, "Carry the close on")
    assert CloseRun.objects.get().state == "running"
    page.context.close()
    assert look.faults == []


def test_a_charge_is_followed_to_its_use_and_to_the_title(
    live_server: LiveServer, browser: Browser
) -> None:
    valley = valley_in_use()
    valley.close()
    chloe = valley.members["chloe"]
    page = window_of(browser, live_server, user_of(chloe), locale="en-GB")
    charge = Charge.objects.get(member=chloe)
    look = Look(page, live_server.url)
    look.at(f"/statement/{charge.pk}/derivation/")
    look.at("/buy-in/")
    page.goto(f"{live_server.url}/statement/{charge.pk}/")
    press(page, "How this was worked out, from the readings to the title")
    assert "€60.00 at cost + €36.00 above it" in page.locator("main").inner_text()
    page.locator("summary", has_text="The newest of them").click()
    expect(page.get_by_text("120 GB").last).to_be_visible()
    press(page, "Title No.")
    assert "36 shares" in page.locator("main").inner_text()
    page.context.close()
    assert look.faults == []
