"""The market over HTTP: what pages show and take, what clients read and do, and who may."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.makers import agree
from tests.tokens.market import ask, bid, call, due, running_july
from tests.tokens.test_pages import login
from tests.valley import Valley, make_valley
from tokens.market_forms import typed
from tokens.models import Ask, Auction, Bid, Offer, Yield
from tokens.services import clear_auction
from tokens.tasks import clear_auctions

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def text(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode()


def test_the_market_shows_prices_auctions_and_what_is_mine(valley: Valley) -> None:
    auction = call(valley, pool_tokens=40_000)
    ask(valley, auction, "ben", 60_000)
    bid(valley, auction, "chloe", 25_000, 90_000_000)
    page = text(login(valley.members["chloe"]), "/market/")
    assert "€0.80" in page
    assert "The stewards set this price." in page
    assert "100 GB" in page
    assert "I bid €0.90 for 25 GB" in page
    assert "Bid for Bandwidth" in page
    assert "Sell Bandwidth of mine" not in page


def test_the_market_without_auctions_says_what_it_will_hold(valley: Valley) -> None:
    assert "No auction collects at the moment" in text(login(valley.members["ana"]), "/market/")


def test_a_result_names_nobody_and_marks_mine(valley: Valley) -> None:
    auction = call(valley, pool_tokens=30_000)
    ask(valley, auction, "ben", 10_000)
    bid(valley, auction, "chloe", 25_000, 90_000_000)
    bid(valley, auction, "ana", 25_000, 85_000_000)
    clear_auction(auction_id=auction.pk, actor=None)
    chloe, ben = login(valley.members["chloe"]), login(valley.members["ben"])
    page = text(chloe, f"/market/auctions/{auction.pk}/")
    assert "I bid €0.90 for 25 GB and got 25." in page
    assert page.count("25 GB") >= 3
    assert "€0.85" in page
    assert "ana" not in page.replace("Analys", "")
    assert "I asked 10 GB and sold 10." in text(ben, f"/market/auctions/{auction.pk}/")
    assert "sold 10" in text(ben, "/market/")


def test_a_bid_is_previewed_before_it_is_placed(valley: Valley) -> None:
    agree("credit_limit", 5000)
    auction = call(valley)
    path = f"/market/auctions/{auction.pk}/bid/"
    client = login(valley.members["chloe"])
    page = text(client, f"{path}?amount=50&price=0.90")
    for words in ("€45.00", "€25.00", "€20.00", "20 shares and €0.00 of credit", "€50.00"):
        assert words in page
    part = client.get(f"{path}?amount=60&price=0.90", headers={"HX-Request": "true"})
    assert "more than your credit limit" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert part.headers["Vary"].startswith("HX-Request") or "HX-Request" in part.headers["Vary"]
    assert not Bid.objects.exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"amount": "10", "price": "0.79"}, "A bid below the posted price of 0.80 EUR"),
        ({"amount": "0", "price": "0.80"}, "above zero"),
        ({"amount": "10", "price": "-1"}, "without a sign"),
        ({"amount": "10", "price": "20000000"}, "higher than any that can be"),
        ({"amount": "100", "price": "0.80"}, "Your credit limit leaves room for 50.00"),
    ],
)
def test_a_bid_that_cannot_be_taken_says_why(
    valley: Valley, sent: dict[str, str], words: str
) -> None:
    agree("credit_limit", 5000)
    path = f"/market/auctions/{call(valley).pk}/bid/"
    page = login(valley.members["chloe"]).post(path, {**sent, "key": "k"})
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Bid.objects.exists()


def test_a_bid_sent_twice_stands_once_and_is_withdrawn(valley: Valley) -> None:
    auction, client = call(valley), login(valley.members["chloe"])
    sent = {"amount": "10", "price": "0.8", "key": "k"}
    for _ in range(2):
        assert client.post(f"/market/auctions/{auction.pk}/bid/", sent).status_code == 303
    made = Bid.objects.get()
    assert login(valley.members["ben"]).post(f"/market/bids/{made.pk}/withdraw/").status_code == 404
    assert client.post(f"/market/bids/{made.pk}/withdraw/").status_code == 303
    made.refresh_from_db()
    assert made.withdrawn_at is not None


def test_an_ask_shows_what_is_left_and_what_it_spares(valley: Valley) -> None:
    auction, client = call(valley), login(valley.members["ben"])
    path = f"/market/auctions/{auction.pk}/ask/"
    assert "300 GB of your own are unused" in text(client, path)
    assert "€50.00" in text(client, f"{path}?amount=100")
    assert client.post(path, {"amount": "301", "key": "a"}).status_code == 422
    assert client.post(path, {"amount": "100", "key": "b"}).status_code == 303
    assert "200 GB of your own are unused" in text(client, path)
    made = Ask.objects.get()
    client.post(f"/market/asks/{made.pk}/withdraw/")
    made.refresh_from_db()
    assert made.withdrawn_at is not None


def test_an_offer_is_withdrawn_from_the_market(valley: Valley) -> None:
    valley.used_as_in_the_worked_period()
    client, offer = login(valley.members["ben"]), Offer.objects.get()
    assert "My offers for the close" in text(client, "/market/")
    assert client.post(f"/market/offers/{offer.pk}/withdraw/").status_code == 303
    offer.refresh_from_db()
    assert offer.withdrawn_at is not None


def test_only_stewards_call_auctions(valley: Valley) -> None:
    member = login(valley.members["chloe"])
    assert member.get("/stewardship/market/").status_code == 403
    assert Client().get("/market/").status_code == 302
    assert member.get("/market/auctions/99/").status_code == 404


def test_a_steward_calls_one_and_clears_it_early_for_a_reason(valley: Valley) -> None:
    running_july(valley)
    steward = login(valley.members["ana"], steward=True)
    moment = timezone.localtime(timezone.now() + timedelta(days=2))
    sent = {
        "yields": Yield.objects.latest("pk").pk,
        "when": "now",
        "closes_at": f"{moment:%Y-%m-%dT%H:%M}",
        "pool_tokens": "20",
        "key": "k",
    }
    missing = steward.post("/stewardship/market/", {**sent, "closes_at": ""})
    assert (missing.status_code, Auction.objects.count()) == (422, 0)
    assert steward.post("/stewardship/market/", sent).status_code == 303
    auction = Auction.objects.get()
    assert auction.pool_tokens == 20_000
    path = f"/stewardship/market/{auction.pk}/"
    assert "20 GB are asked so far" in text(steward, path)
    assert 'name="pool_tokens" value="20"' in text(steward, path)
    assert steward.post(path, {"pool_tokens": "9999"}).status_code == 422
    assert steward.post(path, {"pool_tokens": "30"}).status_code == 303
    assert steward.post(path, {"reason": ""}).status_code == 422
    assert steward.post(path, {"reason": "the mast is down"}).status_code == 303
    auction.refresh_from_db()
    assert (auction.state, auction.early_reason) == ("cleared", "the mast is down")
    assert auction.pool_tokens == 30_000


@pytest.mark.parametrize(
    ("millitokens", "text"), [(0, "0"), (100_000, "100"), (7500, "7.5"), (1, "0.001"), (10, "0.01")]
)
def test_an_amount_stands_in_a_field_as_it_is_typed(millitokens: int, text: str) -> None:
    assert typed(millitokens) == text


def test_the_sweep_is_a_task(valley: Valley) -> None:
    running_july(valley)
    auction = call(valley, closes_at=timezone.now() + timedelta(days=1))
    due(auction)
    assert clear_auctions() == 1


def test_clients_read_prices_and_auctions_without_names(valley: Valley) -> None:
    auction = call(valley, pool_tokens=10_000)
    bid(valley, auction, "chloe", 6000, 90_000_000)
    clear_auction(auction_id=auction.pk, actor=None)
    prices = Client().get("/api/v1/prices?pool=backbone&resource=bandwidth").json()
    assert prices == [
        {
            "period": "2026-06",
            "price": 80_000_000,
            "price_rule": "stewards",
            "price_source": "founding",
            "sale_cost": 50_000_000,
            "auction_volume": 6000,
            "auction_average": 90_000_000,
        }
    ]
    found = Client().get(f"/api/v1/auctions/{auction.pk}").json()
    level = {"price": 90_000_000, "wanted": 6000, "served": 6000, "mine": 0}
    assert (found["levels"], found["asked"]) == ([level], 10_000)
    mine = login(valley.members["chloe"]).get(f"/api/v1/auctions/{auction.pk}").json()
    assert mine["levels"] == [{**level, "mine": 6000}]
    assert [row["id"] for row in Client().get("/api/v1/auctions").json()] == [auction.pk]
    assert Client().get("/api/v1/prices?pool=none&resource=bandwidth").status_code == 404


def send(client: Client, path: str, key: str, **data: object) -> tuple[int, dict[str, object]]:
    answer = client.post(
        path, data, content_type="application/json", headers={"Idempotency-Key": key}
    )
    return answer.status_code, answer.json()


def test_clients_ask_bid_offer_and_withdraw(valley: Valley) -> None:
    ana, chloe = login(valley.members["ana"], steward=True), login(valley.members["chloe"])
    asked = {"pool": "backbone", "resource": "bandwidth"}
    assert send(chloe, "/api/v1/auctions", "1", **asked)[0] == 403
    status, called = send(ana, "/api/v1/auctions", "1", **asked, pool_tokens=5)
    assert (status, called["period"]) == (201, "2026-06")
    assert send(ana, "/api/v1/auctions", "1", **asked, pool_tokens=5)[1] == called
    at = f"/api/v1/auctions/{called['id']}"
    assert send(ana, f"{at}/pool", "-", pool_tokens=10)[0] == 200
    status, preview = send(chloe, f"{at}/preview", "-", amount=50_000, price=90_000_000)
    assert (preview["cost"], preview["equity"], preview["shares"]) == (2500, 2000, 20)
    status, placed = send(chloe, f"{at}/bids", "b", amount=10, price=90_000_000)
    assert (status, placed["bought"], placed["left_out"]) == (201, 0, "")
    assert send(chloe, f"{at}/bids", "b", amount=10, price=90_000_000)[1] == placed
    refused, why = send(chloe, f"{at}/bids", "c", amount=10, price=1)
    assert (refused, why["code"]) == (422, "bid_below_price")
    assert send(ana, f"{at}/asks", "a", amount=7)[0] == 201
    assert send(chloe, f"{at}/asks", "a", amount=7)[1]["code"] == "both_sides"
    assert len(chloe.get(f"{at}/bids").json()) == len(ana.get(f"{at}/asks").json()) == 1
    ask_id = ana.get(f"{at}/asks").json()[0]["id"]
    assert chloe.delete(f"/api/v1/asks/{ask_id}").status_code == 404
    assert ana.delete(f"/api/v1/asks/{ask_id}").status_code == 204
    assert chloe.delete(f"/api/v1/bids/{placed['id']}").status_code == 204
    assert send(ana, f"{at}/clear", "-")[1]["auction_state"] == "cleared"
    status, offered = send(ana, "/api/v1/offers", "o", **asked, amount=5000, standing=True)
    assert (status, offered["period"]) == (201, None)
    assert ana.get("/api/v1/offers").json() == [offered]
    assert ana.delete(f"/api/v1/offers/{offered['id']}").status_code == 204
    assert ana.get("/api/v1/offers").json() == []
