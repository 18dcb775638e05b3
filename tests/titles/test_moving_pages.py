"""The pages and the API of moves: who sees what, what is refused, how many queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.models import Member
from members.services import change_state
from tests.makers import all_wrong, buy, make_member, make_pool, make_steward, reserve
from titles.models import PurchaseDraft, Title, Transfer, WaitingPlace
from titles.queries import units_of
from titles.services import cancel_subscription, offer_units

pytestmark = pytest.mark.django_db
KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def client_of(member: Member) -> Client:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


@pytest.fixture
def ana() -> Member:
    """A member with ten shares in two titles."""
    member = make_member("Ana")
    pool = make_pool(treasury=100)
    buy(member, pool, 4)
    buy(member, pool, 6)
    return member


@pytest.fixture
def ben(ana: Member) -> Member:
    """Another member."""
    return make_member("Ben Secretname")


def offer_form(to: Member | None, **changes: Any) -> dict[str, Any]:
    values = {
        "kind": "transfer",
        "units": "3",
        "way": "number" if to else "code",
        "to_number": to.number if to else "",
        "note": "for the bicycle",
        "key": KEY,
    }
    return {**values, **changes}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_an_offer_is_reviewed_confirmed_and_accepted(ana: Member, ben: Member) -> None:
    giver, taker = client_of(ana), client_of(ben)
    form = offer_form(ben)
    review = giver.post("/transfers/new/backbone/", form)
    assert review.status_code == 200
    assert "Offer 3 shares" in text_of(review)
    assert not Transfer.objects.exists()
    done = giver.post("/transfers/new/backbone/", {**form, "confirm": "1"})
    again = giver.post("/transfers/new/backbone/", {**form, "confirm": "1"})
    transfer = Transfer.objects.get()
    assert (done.status_code, done["Location"]) == (303, f"/transfers/{transfer.pk}/")
    assert again["Location"] == done["Location"]
    page = text_of(taker.get(f"/transfers/{transfer.pk}/"))
    assert "for the bicycle" in page
    assert "Ana" not in page
    assert "is offered to you" in text_of(taker.get("/overview/")) or "are offered to you" in (
        text_of(taker.get("/overview/"))
    )
    accepted = taker.post(f"/transfers/{transfer.pk}/accept/")
    assert accepted.status_code == 303
    assert units_of(ben, make_pool()) == 3
    assert "Secretname" not in text_of(giver.get(f"/transfers/{transfer.pk}/"))
    assert all_wrong() == []


def test_what_would_be_refused_is_said_before_anything_is_confirmed(
    ana: Member, ben: Member
) -> None:
    giver = client_of(ana)
    for changes, words in (
        ({"units": "11"}, "titles hold 10"),
        ({"to_number": "999"}, "active member only"),
        ({"to_number": str(ana.number)}, "to yourself"),
        ({"to_number": ""}, "Type the number"),
        ({"units": "0"}, "greater than or equal to 1"),
        ({"units": "6", "numbers": ["1"]}, "titles hold 4"),
    ):
        answer = giver.post("/transfers/new/backbone/", offer_form(ben, **changes))
        assert answer.status_code == 422, changes
        assert words in text_of(answer), changes
    assert not Transfer.objects.exists()


def test_a_code_is_shown_once_and_leads_whoever_types_it(ana: Member, ben: Member) -> None:
    giver, taker, other = client_of(ana), client_of(ben), client_of(make_member("Chloe"))
    address = giver.post("/transfers/new/backbone/", offer_form(None, confirm="1"))["Location"]
    page = text_of(giver.get(address))
    code = page.split("<code", 1)[1].split(">", 1)[1].split("<", 1)[0]
    assert len(code) == 12
    assert other.get(address).status_code == 404
    assert taker.post("/transfers/code/", {"code": "WRONG"}).status_code == 422
    found = taker.post("/transfers/code/", {"code": code.lower()})
    assert found["Location"] == address
    assert other.post("/transfers/code/", {"code": code}).status_code == 422
    assert taker.post(f"{address}accept/").status_code == 303
    assert units_of(ben, make_pool()) == 3
    assert code not in text_of(giver.get(address))


def test_strangers_see_and_answer_nothing(ana: Member, ben: Member) -> None:
    made = offer_units(
        giver=ana, pool=make_pool(), units=2, actor=None, key="k", to_number=ben.number
    ).transfer
    chloe = client_of(make_member("Chloe"))
    for path in ("", "accept/", "decline/", "withdraw/"):
        answer = (
            chloe.post(f"/transfers/{made.pk}/{path}")
            if path
            else chloe.get(f"/transfers/{made.pk}/")
        )
        assert answer.status_code == 404
    client_of(ben).post(f"/transfers/{made.pk}/withdraw/")
    assert Transfer.objects.get().state == "offered"
    assert Client().get("/transfers/").status_code == 302


def test_a_title_is_divided_on_its_page(ana: Member, ben: Member) -> None:
    assert client_of(ben).get("/titles/2/divide/").status_code == 404
    giver = client_of(ana)
    for parts, words in (("3", "at least two parts"), ("3, x", "whole numbers only")):
        answer = giver.post("/titles/2/divide/", {"parts": parts, "key": KEY})
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert giver.post("/titles/2/divide/", {"parts": "1 2,3", "key": KEY}).status_code == 303
    live = Title.objects.filter(member=ana, state="live").order_by("number")
    assert list(live.values_list("units", flat=True)) == [4, 1, 2, 3]
    assert giver.get("/titles/2/divide/").status_code == 404


def test_drafts_and_places_stand_on_the_page_of_buying(ana: Member, ben: Member) -> None:
    pool = make_pool()
    buyer = client_of(ben)
    assert buyer.post("/buy-in/backbone/draft/", {"count": "7"}).status_code == 303
    assert "draft of 7 shares" in text_of(buyer.get("/buy-in/"))
    assert buyer.post("/buy-in/backbone/draft/", {}).status_code == 303
    assert not PurchaseDraft.objects.exists()
    blocking = reserve(ana, pool, 90)
    page = text_of(buyer.get("/buy-in/"))
    assert "/buy-in/backbone/wait/" in page
    form = {"count": "5", "takes_part": "on", "key": KEY}
    assert buyer.post("/buy-in/backbone/wait/", form).status_code == 303
    assert "Nobody waits before you" in text_of(buyer.get("/buy-in/"))
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    place = WaitingPlace.objects.get()
    assert "Take 5 shares" in text_of(buyer.get("/buy-in/"))
    assert client_of(ana).post(f"/waiting/{place.pk}/take/").status_code == 404
    taken = buyer.post(f"/waiting/{place.pk}/take/")
    assert taken["Location"].startswith("/purchases/")
    assert buyer.post("/buy-in/backbone/wait/", {"count": "x", "key": KEY}).status_code == 422


def test_an_estate_is_a_stewards_work(ana: Member, ben: Member) -> None:
    change_state(member_id=ana.pk, to="deceased", reason="death", actor=None)
    assert client_of(ben).get("/stewardship/estates/").status_code == 403
    steward = Client()
    steward.force_login(make_steward())
    assert "Ana" in text_of(steward.get("/stewardship/"))
    assert "Ana" in text_of(steward.get("/stewardship/estates/"))
    address = f"/stewardship/estates/{ana.pk}/"
    assert "10 shares" in text_of(steward.get(address))
    form = {"number_1": ben.number, "weight_1": "1", "evidence": "", "key": KEY}
    assert steward.post(address, form).status_code == 422
    assert steward.post(address, {**form, "evidence": "Will of 2020"}).status_code == 303
    assert units_of(ben, make_pool()) == 10
    assert "Will of 2020" in text_of(steward.get(address))
    assert all_wrong() == []


def test_the_public_reads_sums_and_stewards_names(ana: Member, ben: Member) -> None:
    public, steward = Client(), Client()
    steward.force_login(make_steward())
    page = text_of(public.get("/titles/register/"))
    assert ">10<" in page and "Ana" not in page
    assert "Ana" in text_of(steward.get("/titles/register/"))
    assert public.get("/titles/register.csv").status_code == 403
    assert client_of(ben).get("/titles/register.csv").status_code == 403
    lines = text_of(steward.get("/titles/register.csv")).splitlines()
    assert lines[1].startswith(f"1,{ana.number},Ana,backbone,4,4.00,purchase,")
    before = timezone.localdate() - timedelta(days=1)
    assert "Nobody owned a share then" in text_of(public.get(f"/titles/register/?day={before}"))
    assert public.get("/titles/register/?day=nonsense").status_code == 422
    shown = public.get("/api/v1/titles/register").json()
    assert (shown["totals"][0]["units"], shown["holders"]) == (10, [])
    shown = steward.get(f"/api/v1/titles/register?day={timezone.localdate()}&pool=backbone").json()
    assert shown["holders"] == [
        {"member": ana.number, "name": "Ana", "pool": "backbone", "units": 10, "capital": 1000,
         "titles": 2}
    ]  # fmt: skip


def test_the_api_does_what_the_pages_do(ana: Member, ben: Member) -> None:
    giver, taker = client_of(ana), client_of(ben)
    wish = {"pool": "backbone", "units": 4, "to_number": ben.number, "numbers": [1]}
    key = {"Idempotency-Key": "one"}
    made = giver.post("/api/v1/transfers", wish, content_type="application/json", headers=key)
    assert made.status_code == 201
    twice = giver.post("/api/v1/transfers", wish, content_type="application/json", headers=key)
    assert twice.json()["id"] == made.json()["id"]
    address = f"/api/v1/transfers/{made.json()['id']}"
    assert taker.get("/api/v1/transfers").json()["incoming"][0]["giver"] == ana.number
    assert client_of(make_member("Chloe")).get(address).status_code == 404
    assert taker.post(f"{address}/withdraw").status_code == 404
    assert taker.post(f"{address}/nonsense").status_code == 404
    assert taker.post(f"{address}/accept").json()["state"] == "accepted"
    parts = {"parts": [5, 1]}
    divided = giver.post(
        "/api/v1/titles/2/split", parts, content_type="application/json", headers=key
    )
    assert [title["units"] for title in divided.json()] == [5, 1]
    free = {"pool": "backbone", "wish": 90}
    refused = taker.post("/api/v1/waiting", free, content_type="application/json", headers=key)
    assert refused.status_code == 409
    assert "can be bought right now" in refused.json()["detail"]


def test_a_purchase_is_read_and_let_go_by_api(ana: Member, ben: Member) -> None:
    address = f"/api/v1/subscriptions/{reserve(ben, make_pool(), 5).pk}"
    assert client_of(ana).get(address).status_code == 404
    assert client_of(ana).delete(address).status_code == 404
    buyer = client_of(ben)
    assert buyer.get(address).json()["state"] == "reserved"
    assert buyer.delete(address).json()["state"] == "cancelled"
    assert buyer.delete(address).json()["state"] == "cancelled"
    assert all_wrong() == []


def offer_to(ben: Member, first: int, last: int) -> None:
    """One offer each by some new members."""
    pool = make_pool()
    for n in range(first, last):
        member = make_member(f"Member {n}")
        buy(member, pool, 1)
        offer_units(giver=member, pool=pool, units=1, actor=None, key=f"{n}", to_number=ben.number)


def test_pages_take_as_many_queries_for_many_as_for_few(ana: Member, ben: Member) -> None:
    steward, receiver = Client(), client_of(ben)
    steward.force_login(make_steward())
    pages = [
        (steward, "/titles/register/"),
        (steward, "/titles/register.csv"),
        (steward, "/api/v1/titles/register"),
        (receiver, "/transfers/"),
        (receiver, "/api/v1/transfers"),
    ]
    counted = []
    for first, last in ((0, 2), (2, 12)):
        offer_to(ben, first, last)
        for client, path in pages:
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counted.append(len(queries))
    assert counted[:5] == counted[5:]
    assert max(counted) <= 30
