"""The token book, giving and offering, and the guided close, over HTTP."""

import pytest
from django.test import Client

from members.models import Member, User
from members.services import grant_role, register_user
from tests.valley import Valley, make_valley
from tokens.models import CloseStep, Gift, Offer, Period, Yield
from tokens.services import record_usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def login(member: Member, *, steward: bool = False) -> Client:
    """A browser in which this member is logged in."""
    user: User = register_user(email=f"{member.name}@example.org", password="a long pass phrase")
    Member.objects.filter(pk=member.pk).update(user=user)
    if steward:
        grant_role(user=user, name="steward", actor=None, source="founding")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def gift_form(valley: Valley, **changes: object) -> dict[str, object]:
    return {
        "yields": Yield.objects.get().pk,
        "amount": "12.5",
        "receiver": valley.members["chloe"].number,
        "key": "k1",
        **changes,
    }


def test_the_book_shows_what_is_left(valley: Valley) -> None:
    record_usage(rows=[valley.use("ana", 450_000, "a")], actor=None)
    page = login(valley.members["ana"]).get("/tokens/")
    assert page.status_code == 200
    assert "50 <small>GB left" in page.content.decode()


def test_the_book_shows_what_went_over(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    page = login(valley.members["chloe"]).get("/tokens/").content.decode()
    assert "€60.00 at cost and €36.00 above it" in page


def test_visitors_are_asked_to_log_in(valley: Valley) -> None:
    assert Client().get("/tokens/").status_code == 302


def test_an_unknown_period_is_missing(valley: Valley) -> None:
    assert login(valley.members["ana"]).get("/tokens/?period=1999-01").status_code == 404


def test_a_gift_is_offered_and_accepted(valley: Valley) -> None:
    page = login(valley.members["ana"]).post("/tokens/give/", gift_form(valley))
    assert page.status_code == 303
    gift = Gift.objects.get()
    assert gift.amount == 12_500
    chloe = login(valley.members["chloe"])
    assert "gives you 12.5 GB" in chloe.get("/tokens/").content.decode()
    assert chloe.post(f"/tokens/gifts/{gift.pk}/", {"accept": "1"}).status_code == 303
    gift.refresh_from_db()
    assert gift.state == "accepted"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "600"}, "were asked for"),
        ({"amount": "-1"}, "above zero"),
        ({"amount": "1.2345"}, "up to three decimals"),
        ({"amount": "much"}, "Write the amount like 20.5"),
        ({"receiver": "77"}, "No active member has this number"),
    ],
)
def test_a_wrong_gift_keeps_what_was_typed(
    valley: Valley, changes: dict[str, object], message: str
) -> None:
    page = login(valley.members["ana"]).post("/tokens/give/", gift_form(valley, **changes))
    text = page.content.decode()
    assert page.status_code == 422
    assert message in text
    assert all(f'value="{value}"' in text for value in changes.values())
    assert not Gift.objects.exists()


def test_somebody_elses_gift_does_not_exist_for_me(valley: Valley) -> None:
    login(valley.members["ana"]).post("/tokens/give/", gift_form(valley))
    ben = login(valley.members["ben"])
    gift = Gift.objects.get()
    assert ben.post(f"/tokens/gifts/{gift.pk}/", {"accept": "1"}).status_code == 404


def test_an_offer_is_made_and_withdrawn(valley: Valley) -> None:
    ben = login(valley.members["ben"])
    form = {"yields": Yield.objects.get().pk, "amount": "", "key": "k1"}
    assert ben.post("/tokens/offer/", form).status_code == 303
    assert ben.post("/tokens/offer/", form).status_code == 303
    offer = Offer.objects.get()
    assert offer.amount is None
    assert ben.get(f"/tokens/offers/{offer.pk}/withdraw/").status_code == 405
    assert ben.post(f"/tokens/offers/{offer.pk}/withdraw/").status_code == 303
    offer.refresh_from_db()
    assert offer.withdrawn_at is not None


def test_members_cannot_close(valley: Valley) -> None:
    ben = login(valley.members["ben"])
    assert ben.get("/stewardship/periods/").status_code == 403
    assert ben.post("/stewardship/periods/2026-06/settle/").status_code == 403


def test_a_steward_closes_step_by_step(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    steward = login(valley.members["ana"], steward=True)
    assert "See what it will book" in steward.get("/stewardship/periods/2026-06/").content.decode()
    row = Yield.objects.get()
    form = {f"actual-{row.pk}": "480.50"}
    look = steward.post("/stewardship/periods/2026-06/settle/", {**form, "look": "1"})
    assert "€480.50" in look.content.decode()
    assert not CloseStep.objects.exists()
    booked = steward.post("/stewardship/periods/2026-06/settle/", {**form, "book": "1"})
    assert booked.status_code == 303
    for name in ("match", "charge", "expire", "convert", "open"):
        preview = steward.get(f"/stewardship/periods/2026-06/{name}/")
        assert preview.status_code == 200
        text = preview.content.decode()
        assert "Book it" in text
        assert name != "charge" or ("3 chloe" in text and "€96.00" in text)
        assert name != "open" or "2026-07 with its rates" in text
        done = steward.post(f"/stewardship/periods/2026-06/{name}/", {"book": "1"})
        assert done.status_code == 303
        again = steward.get(f"/stewardship/periods/2026-06/{name}/").content.decode()
        assert "What it booked" in again
    row.refresh_from_db()
    assert row.actual == 48_050
    assert Period.objects.count() == 2


def test_a_wrong_actual_cost_is_named_at_its_field(valley: Valley) -> None:
    steward = login(valley.members["ana"], steward=True)
    row = Yield.objects.get()
    form = {f"actual-{row.pk}": "12,x", "book": "1"}
    page = steward.post("/stewardship/periods/2026-06/settle/", form)
    assert page.status_code == 422
    assert 'value="12,x"' in page.content.decode()
    assert not CloseStep.objects.exists()


def test_a_step_out_of_order_says_which_is_next(valley: Valley) -> None:
    steward = login(valley.members["ana"], steward=True)
    page = steward.post("/stewardship/periods/2026-06/expire/", {"book": "1"})
    assert page.status_code == 422
    assert "settle" in page.content.decode()
    assert not CloseStep.objects.exists()


def test_an_unknown_step_is_missing(valley: Valley) -> None:
    steward = login(valley.members["ana"], steward=True)
    assert steward.get("/stewardship/periods/2026-06/nonsense/").status_code == 404
    assert steward.get("/stewardship/periods/1999-01/").status_code == 404


def test_the_api_gives_periods_to_all_and_books_to_members(valley: Valley) -> None:
    record_usage(rows=[valley.use("ana", 450_000, "a")], actor=None)
    periods = Client().get("/api/v1/periods").json()
    assert periods[0]["yields"][0]["unit_cost"] == 50_000_000
    assert Client().get("/api/v1/books").status_code == 403
    books = login(valley.members["ana"]).get("/api/v1/books").json()
    assert (books[0]["own"], books[0]["redeemed"]) == (50_000, 450_000)
