"""The market in a browser: a bid by keyboard, its preview, its result; every page readable."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from members.models import User
from tests.browser.test_look import Look, window_of
from tests.browser.test_moves import press, says
from tokens.models import Auction, Bid
from tokens.services import clear_auction

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def storage() -> Auction:
    """The demo's auction of storage, which collects."""
    build.build()
    return Auction.objects.get(key="demo:standing")


def user(name: str) -> User:
    return User.objects.get(email=f"{name}@example.org")


def tab_to(page: Page, words: str) -> None:
    """Walk with the tab key until what has the focus says these words."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "() => { const at = document.activeElement;"
            " return at.labels?.[0]?.innerText ?? at.innerText ?? ''; }"
        )
        if words in said:
            return
    raise AssertionError(f"no tab leads to “{words}”")


def test_a_bid_by_keyboard_with_its_preview_and_its_result(
    live_server: LiveServer, browser: Browser, storage: Auction
) -> None:
    page = window_of(browser, live_server, user("eva"))
    page.goto(f"{live_server.url}/market/")
    tab_to(page, "Bid for Storage")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/market/auctions/{storage.pk}/bid/")
    tab_to(page, "How many tokens")
    page.keyboard.type("500")
    tab_to(page, "Price for each")
    page.keyboard.type("0.05")
    page.locator("#preview .figure").wait_for()
    assert "€25.00" in page.locator("#preview").inner_text()
    assert "my equity" in page.locator("#preview").inner_text()
    assert not Bid.objects.filter(member__user=user("eva"), auction=storage).exists()
    tab_to(page, "Place the bid")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/market/auctions/{storage.pk}/")
    assert "Your bid stands" in says(page)
    assert "I bid €0.05 for 500" in says(page)
    clear_auction(auction_id=storage.pk, actor=None, reason="the test ends")
    page.reload()
    assert "and got 350." in says(page)
    assert "Cleared before its time: the test ends" in says(page)
    page.context.close()


def test_a_bid_without_script_is_previewed_placed_and_withdrawn(
    live_server: LiveServer, browser: Browser, storage: Auction
) -> None:
    page = window_of(browser, live_server, user("eva"), java_script_enabled=False)
    page.goto(f"{live_server.url}/market/auctions/{storage.pk}/bid/")
    page.get_by_label("How many tokens").fill("100")
    page.get_by_label("Price for each").fill("0.01")
    press(page, "See what it would cost")
    assert "a bid is never served" in says(page)
    press(page, "Place the bid")
    assert "A bid below the posted price" in says(page)
    page.get_by_label("Price for each").fill("0.05")
    press(page, "Place the bid")
    assert "Your bid stands" in says(page)
    press(page, "Withdraw the bid")
    assert "Withdrawn." in says(page)
    assert Bid.objects.get(member__user=user("eva"), auction=storage).withdrawn_at is not None
    page.context.close()


def test_a_steward_calls_an_auction_and_lets_the_pool_ask(
    live_server: LiveServer, browser: Browser, storage: Auction
) -> None:
    page = window_of(browser, live_server, user("ana"))
    page.goto(f"{live_server.url}/stewardship/market/")
    page.get_by_label("What", exact=True).select_option(label="CPU, Storage room")
    page.get_by_label("the coming one: it clears when that opens").check()
    page.get_by_label("Tokens of the pool").fill("5")
    press(page, "Call the auction")
    assert "The auction is called" in says(page)
    press(page, "CPU, Storage room")
    page.get_by_label("Tokens of the pool").fill("7.5")
    press(page, "Let it ask")
    called = Auction.objects.latest("pk")
    assert (called.pool_tokens, called.yields, called.closes_at) == (7500, None, None)
    page.context.close()


def test_the_markets_pages_stand_up_to_axe(
    live_server: LiveServer, browser: Browser, storage: Auction
) -> None:
    done = Auction.objects.get(key="demo:cleared")
    coming = Auction.objects.get(key="demo:coming")
    page = window_of(browser, live_server, user("ana"))
    look = Look(page, live_server.url)
    for path in (
        "/market/",
        *(f"/market/auctions/{auction.pk}/" for auction in (done, storage, coming)),
        *(f"/market/auctions/{auction.pk}/ask/?amount=10" for auction in (storage, coming)),
        f"/market/auctions/{coming.pk}/bid/?amount=10&price=0.9",
        f"/market/auctions/{storage.pk}/bid/?amount=10&price=0.9",
        "/stewardship/market/",
        f"/stewardship/market/{storage.pk}/",
    ):
        look.at(path)
    page.context.close()
    assert look.faults == []
    assert timezone.now() < (storage.closes_at or timezone.now())
