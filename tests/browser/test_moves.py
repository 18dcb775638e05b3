"""Buying and passing on in a browser: two people at two windows, and every page of it readable."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import Member, User
from members.services import change_state
from tests.browser.test_look import Look, window_of
from tests.makers import all_wrong, buy, make_member, make_pool, make_steward, pay, reserve
from titles.models import Subscription, Title
from titles.queries import units_of
from titles.services import cancel_subscription, join_waiting_list, keep_draft, offer_units

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def user_of(member: Member) -> User:
    assert member.user is not None
    return member.user


def press(page: Page, name: str) -> None:
    main = page.locator("main")
    main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()
    page.wait_for_load_state()


def says(page: Page) -> str:
    return page.locator("main").inner_text()


def test_buying_with_a_draft_and_waiting_for_more(
    live_server: LiveServer, browser: Browser
) -> None:
    pool, ana, ben = make_pool(treasury=40), make_member("Ana"), make_member("Ben")
    page = window_of(browser, live_server, user_of(ana))
    page.goto(f"{live_server.url}/buy-in/backbone/")
    page.get_by_label("Number of shares").fill("30")
    press(page, "Review the purchase")
    press(page, "Keep as a draft")
    assert "Nothing is reserved" in page.content()
    press(page, "Go on with your draft of 30 shares")
    press(page, "Review the purchase")
    press(page, "Reserve and pay €30.00")
    assert "They are yours when the payment arrives" in says(page)
    reserved = Subscription.objects.get()
    other = window_of(browser, live_server, user_of(ben))
    other.goto(f"{live_server.url}/buy-in/backbone/wait/")
    other.get_by_label("Number of shares").fill("20")
    press(other, "Join the list")
    assert "Nobody waits before you" in says(other)
    press(page, "Let go of the reservation")
    other.reload()
    press(other, "Take 20 shares")
    pay(Subscription.objects.exclude(pk=reserved.pk).get())
    other.reload()
    assert "Paid and issued: they are yours." in says(other)
    assert units_of(ben, pool) == 20
    for window in (page, other):
        window.context.close()
    assert all_wrong() == []


def test_shares_pass_from_one_window_to_the_other(
    live_server: LiveServer, browser: Browser
) -> None:
    pool, ana, ben = make_pool(treasury=40), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    giver = window_of(browser, live_server, user_of(ana))
    taker = window_of(browser, live_server, user_of(ben))
    giver.goto(f"{live_server.url}/titles/")
    press(giver, "Pass shares on")
    press(giver, "Valley backbone")
    giver.get_by_label("Number of shares").fill("11")
    giver.get_by_label("To whoever I hand a code").check()
    press(giver, "Review the offer")
    assert "Nothing was done" in says(giver)
    giver.get_by_label("Number of shares").fill("4")
    giver.get_by_label("What you two agreed").fill("a week of firewood")
    press(giver, "Review the offer")
    press(giver, "Make the offer")
    code = giver.locator("main .copyable code").inner_text()
    taker.goto(f"{live_server.url}/transfers/")
    taker.get_by_label("Code").fill(code)
    press(taker, "Show the offer")
    assert "a week of firewood" in says(taker)
    assert "Ana" not in says(taker)
    press(taker, "Accept 4 shares")
    assert "Accepted: they are yours." in says(taker)
    press(taker, "See title No. 0002")
    assert "4 shares" in says(taker)
    giver.reload()
    assert "Accepted: they have gone to the receiver." in says(giver)
    giver.goto(f"{live_server.url}/titles/3/divide/")
    giver.get_by_label("Shares in each part").fill("2, 4")
    press(giver, "Divide the title")
    live = Title.objects.filter(member=ana, state="live").order_by("number")
    assert list(live.values_list("number", "units")) == [(4, 2), (5, 4)]
    for window in (giver, taker):
        window.context.close()
    assert all_wrong() == []


def filled() -> dict[str, tuple[User, list[str]]]:
    """People with something on every page, and the pages of each."""
    pool, steward = make_pool(treasury=60), make_steward("Stella")
    ana, ben, chloe, dario = (make_member(n) for n in ("Ana", "Ben", "Chloe", "Dario"))
    for member in (ana, chloe, dario):
        buy(member, pool, 10)
    buy(ana, pool, 5)
    to_ben = offer_units(
        giver=ana, pool=pool, units=3, actor=None, key="1", to_number=ben.number, note="a bicycle"
    ).transfer
    by_code = offer_units(giver=ana, pool=pool, units=2, actor=None, key="2").transfer
    blocking = reserve(make_member("Emil"), pool, 25)
    join_waiting_list(member=ben, pool=pool, wish=5, takes_part=True, actor=None, key="w1")
    keep_draft(member=ben, pool=pool, count=3)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    reserve(make_member("Frida"), pool, 20)
    join_waiting_list(member=chloe, pool=pool, wish=5, takes_part=True, actor=None, key="w2")
    change_state(member_id=dario.pk, to="deceased", reason="death", actor=None)
    return {
        "ana": (
            user_of(ana),
            [
                "/transfers/", "/transfers/new/backbone/", f"/transfers/{to_ben.pk}/",
                f"/transfers/{by_code.pk}/", "/titles/", "/titles/1/", "/titles/1/divide/",
                "/titles/register/", "/buy-in/backbone/",
            ],
        ),
        "ben": (
            user_of(ben),
            ["/transfers/", f"/transfers/{to_ben.pk}/", "/buy-in/", "/overview/"],
        ),
        "chloe": (user_of(chloe), ["/buy-in/", "/buy-in/backbone/wait/"]),
        "stella": (
            steward,
            [
                "/titles/register/", "/stewardship/estates/",
                f"/stewardship/estates/{dario.pk}/", "/stewardship/",
            ],
        ),
    }  # fmt: skip


def test_every_page_of_moves_stands_up_to_axe_and_fits_its_window(
    live_server: LiveServer, browser: Browser
) -> None:
    faults = []
    for name, (user, paths) in filled().items():
        page = window_of(browser, live_server, user)
        look = Look(page, live_server.url)
        for path in paths:
            look.at(path)
        page.context.close()
        faults += [f"{name} {fault}" for fault in look.faults]
    assert faults == []
