"""Corrections: taken back and booked anew, each citing the other, never edited."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from ledger import asof
from ledger.asof import Moment
from ledger.corrections.errors import (
    NotByHand,
    NotCorrectable,
    NothingChanges,
    NotYet,
)
from ledger.corrections.queries import replaced_by, replacements, replaces
from ledger.corrections.rules import RULES
from ledger.corrections.services import correct
from ledger.errors import AlreadyReversed, InsufficientBalance, Unbalanced
from ledger.labels import TRANSACTIONS
from ledger.models import Account, Balance, Entry, Transaction
from ledger.services import Leg, Posting, post, reverse
from members.models import User
from tests.makers import account, all_wrong, buy, make_member, make_pool, make_steward
from tests.valley import make_valley

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 2, 12, tzinfo=UTC)


def by_hand(amount: int = 10_000, *, key: str = "1", memo: str = "fee") -> Transaction:
    """A bank fee that was booked by hand: cash went out, a cost arose."""
    make_pool()
    cash, cost = account("cash:operating", "pool/backbone"), account("expense", "backbone/bank")
    legs = [Leg(cost, amount), Leg(cash, -amount)]
    with transaction.atomic():
        pk = post(Posting("journal", key, "journal entry", legs, memo=memo, effective_at=MARCH))
    return Transaction.objects.get(pk=pk)


def moved(txn: int) -> dict[int, int]:
    """What a transaction moved, by account."""
    return dict(Entry.objects.filter(txn_id=txn).values_list("account_id", "amount"))


def legs_of(amount: int) -> list[Leg]:
    """The fee with another amount."""
    cost, cash = account("expense", "backbone/bank"), account("cash:operating", "pool/backbone")
    return [Leg(cost, amount), Leg(cash, -amount)]


def state() -> tuple[list[Any], ...]:
    """Everything that a refused correction must leave as it is."""
    return (
        list(Balance.objects.order_by("pk").values_list("pk", "amount", "version")),
        list(Transaction.objects.order_by("pk").values_list("pk", "key")),
        list(Entry.objects.order_by("account_id", "version").values_list("account_id", "amount")),
    )


# What is booked ---------------------------------------------------------------------------------


def test_a_wrong_amount_is_taken_back_and_booked_anew() -> None:
    txn, user = by_hand(), make_steward()
    before = moved(txn.pk)
    done = correct(txn_id=txn.pk, actor=user, memo="typed wrongly", legs=legs_of(1_000))
    assert done.replacement is not None
    assert moved(txn.pk) == before
    assert moved(done.reversal) == {pk: -amount for pk, amount in before.items()}
    assert moved(done.replacement) == {leg.account_id: leg.amount for leg in legs_of(1_000)}
    held = dict(Balance.objects.exclude(amount=0).values_list("account_id", "amount"))
    assert held == moved(done.replacement)


def test_each_cites_the_other() -> None:
    txn, user = by_hand(), make_steward()
    done = correct(txn_id=txn.pk, actor=user, memo="typed wrongly", legs=legs_of(1_000))
    reversal = Transaction.objects.get(pk=done.reversal)
    new = Transaction.objects.get(pk=done.replacement)
    assert reversal.reverses_id == txn.pk
    assert (replaced_by(txn), replaces(new)) == (new.pk, txn.pk)
    assert (replaces(txn), replaces(reversal), replaced_by(reversal)) == (None, None, None)
    assert (new.kind, new.about, new.actor) == (txn.kind, txn.about, f"user/{user.pk}")
    assert (reversal.memo, new.memo) == ("typed wrongly", "typed wrongly")
    assert {reversal.source, new.source} == {"correction"}


def test_a_later_knowledge_does_not_change_what_was_known() -> None:
    txn = by_hand()
    known = timezone.now()
    done = correct(txn_id=txn.pk, actor=None, memo="April's", effective_at=APRIL)
    cost = account("expense", "backbone/bank")
    end_of_march = datetime(2026, 3, 31, tzinfo=UTC)
    assert asof.balance(cost, Moment(effective=end_of_march, known=known)) == 10_000
    assert asof.balance(cost, Moment(effective=end_of_march)) == 0
    assert asof.balance(cost, Moment(effective=APRIL)) == 10_000
    both = Transaction.objects.filter(pk__in=[done.reversal, done.replacement])
    assert {row.effective_at for row in both} == {MARCH, APRIL}
    assert len({row.recorded_at for row in both}) == 1
    assert all(row.recorded_at > known for row in both)


def test_what_never_happened_is_only_taken_back() -> None:
    txn = by_hand()
    done = correct(txn_id=txn.pk, actor=None, memo="twice in the bank's file", legs=[])
    assert done.replacement is None
    assert Balance.objects.exclude(amount=0).count() == 0
    assert replaced_by(txn) is None


def test_a_replacement_can_be_corrected_in_turn() -> None:
    txn = by_hand()
    first = correct(txn_id=txn.pk, actor=None, memo="one", legs=legs_of(1_000))
    assert first.replacement is not None
    second = correct(txn_id=first.replacement, actor=None, memo="two", legs=legs_of(2_000))
    assert second.replacement is not None
    last = Transaction.objects.get(pk=second.replacement)
    assert replaces(last) == first.replacement
    assert Balance.objects.get(account_id=legs_of(1)[0].account_id).amount == 2_000
    assert all_wrong() == []


def test_a_dip_between_reversal_and_replacement_does_not_count() -> None:
    make_pool()
    reserve, backing = account("cash:reserve", "pool/backbone"), account("backing", "pool/backbone")
    with transaction.atomic():
        pk = post(
            Posting("journal", "in", "journal entry", [Leg(reserve, 500), Leg(backing, -500)])
        )
        post(Posting("journal", "out", "journal entry", [Leg(reserve, -400), Leg(backing, 400)]))
    legs = [Leg(reserve, 450), Leg(backing, -450)]
    correct(txn_id=pk, actor=None, memo="less", legs=legs)
    assert Balance.objects.get(account_id=reserve).amount == 50


# Twice, at once ---------------------------------------------------------------------------------


def test_a_repeat_gives_the_first_result() -> None:
    txn = by_hand()
    first = correct(txn_id=txn.pk, actor=None, memo="why", legs=legs_of(1_000))
    before = state()
    assert correct(txn_id=txn.pk, actor=None, memo="why", legs=legs_of(1_000)) == first
    assert state() == before


@pytest.mark.parametrize("amount", [1_000, 0])
def test_another_correction_of_the_same_is_refused(amount: int) -> None:
    txn = by_hand()
    first, second = (legs_of(1_000), []) if amount else ([], legs_of(1_000))
    correct(txn_id=txn.pk, actor=None, memo="one", legs=first)
    before = state()
    with pytest.raises(AlreadyReversed):
        correct(txn_id=txn.pk, actor=None, memo="two", legs=second)
    with pytest.raises(AlreadyReversed):
        correct(txn_id=txn.pk, actor=None, memo="two", legs=legs_of(3_000))
    assert state() == before


def test_what_was_reversed_in_another_way_is_not_corrected() -> None:
    txn = by_hand()
    with transaction.atomic():
        reverse(txn_id=txn.pk, source="test", key="r", actor=None, memo="")
    before = state()
    for legs in ([], legs_of(1_000)):
        with pytest.raises(AlreadyReversed):
            correct(txn_id=txn.pk, actor=None, memo="", legs=legs)
    assert state() == before


def test_a_reversal_is_not_corrected() -> None:
    txn = by_hand()
    done = correct(txn_id=txn.pk, actor=None, memo="", legs=[])
    with pytest.raises(NotCorrectable):
        correct(txn_id=done.reversal, actor=None, memo="", legs=legs_of(5))
    assert Transaction.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_one_is_booked() -> None:
    txn, results = by_hand(), []
    start = threading.Barrier(4)

    def attempt(amount: int) -> None:
        start.wait()
        try:
            results.append(
                correct(txn_id=txn.pk, actor=None, memo="", legs=legs_of(amount)).replacement
            )
        except AlreadyReversed:
            results.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[n]) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len([pk for pk in results if pk]) == 1
    assert Transaction.objects.filter(source="correction").count() == 2


# What is refused ----------------------------------------------------------------------------


def test_amounts_that_other_rows_rest_on_are_refused_with_what_to_do() -> None:
    pool = make_pool(treasury=10)
    member = make_member()
    buy(member, pool, 3)
    asset = Transaction.objects.get(kind="asset placed")
    bought = Transaction.objects.get(kind="units bought")
    before = state()
    for txn in (asset, bought):
        for legs in ([], [Leg(pk, 2 * amount) for pk, amount in moved(txn.pk).items()]):
            with pytest.raises(NotCorrectable) as refusal:
                correct(txn_id=txn.pk, actor=None, memo="", legs=legs)
            assert str(refusal.value) == str(RULES[txn.kind].instead)
    with pytest.raises(NotCorrectable):
        correct(txn_id=bought.pk, actor=None, memo="", effective_at=MARCH)
    assert state() == before


def test_when_a_payment_counts_can_be_corrected_and_all_stays_right() -> None:
    valley = make_valley()
    from tokens.services import record_usage

    record_usage(rows=[valley.use("chloe", 5_000, "used")], actor=None)
    valley.close()
    for kind in ("payment", "profit paid", "cost of the period", "asset placed"):
        txn = Transaction.objects.filter(kind=kind).order_by("pk")[0]
        held = list(Balance.objects.order_by("pk").values_list("amount", flat=True))
        done = correct(txn_id=txn.pk, actor=None, memo="came earlier", effective_at=MARCH)
        assert list(Balance.objects.order_by("pk").values_list("amount", flat=True)) == held
        assert Transaction.objects.get(pk=done.replacement).effective_at == MARCH
    from tokens.invariants import INVARIANTS

    assert [*all_wrong(), *(line for check in INVARIANTS for line in check())] == []


def test_every_kind_that_the_site_books_has_a_rule_that_says_what_to_do() -> None:
    valley = make_valley()
    from tokens.services import record_usage

    record_usage(rows=[valley.use("chloe", 5_000, "used")], actor=None)
    valley.close()
    booked = set(Transaction.objects.values_list("kind", flat=True))
    assert len(booked) > 8
    for kind in booked | (set(TRANSACTIONS) - {"contribution"}):
        rule = RULES[kind]
        assert rule.amounts or str(rule.instead)


def test_an_unknown_kind_is_refused() -> None:
    make_pool()
    with transaction.atomic():
        pk = post(Posting("test", "odd", "something odd", legs_of(5)))
    with pytest.raises(NotCorrectable):
        correct(txn_id=pk, actor=None, memo="", legs=legs_of(6))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, NothingChanges),
        ({"legs": "same"}, NothingChanges),
        ({"effective_at": timezone.now() + timedelta(days=400)}, NotYet),
        ({"legs": "lopsided"}, Unbalanced),
        ({"legs": "member"}, NotByHand),
        ({"legs": "reserve"}, InsufficientBalance),
    ],
)
def test_a_refused_correction_books_nothing(change: dict[str, Any], refusal: type) -> None:
    txn = by_hand()
    cost, cash = legs_of(10_000)
    kinds = {"member": ("receivable", "member/1"), "reserve": ("cash:reserve", "pool/backbone")}
    legs = {
        "same": [cost, cash],
        "lopsided": [cost, Leg(cash.account_id, -9_999)],
        **{word: [cost, Leg(account(*name), -10_000)] for word, name in kinds.items()},
    }
    if "legs" in change:
        change = {"legs": legs[change["legs"]]}
    before = state()
    with pytest.raises(refusal):
        correct(txn_id=txn.pk, actor=None, memo="", **change)
    assert state() == before


# The page -----------------------------------------------------------------------------------


@pytest.fixture
def steward() -> User:
    """Somebody who may correct."""
    return make_steward()


@pytest.fixture
def page(steward: User) -> Client:
    """The steward's browser."""
    client = Client()
    client.force_login(steward)
    return client


def answers(txn: Transaction, **changed: str) -> dict[str, str]:
    """What the form sends, as it stands, with some answers changed."""
    local = timezone.localtime(txn.effective_at).strftime("%Y-%m-%dT%H:%M")
    amounts = {
        f"amount_{e.version}_{e.account_id}": f"{e.amount / 100:.2f}" for e in txn.entries.all()
    }
    return {"effective_at": local, "reason": "typed wrongly", **amounts, **changed}


def test_the_page_shows_first_and_books_then(page: Client) -> None:
    txn = by_hand()
    address = f"/books/transactions/{txn.pk}/correct/"
    assert address in page.get(f"/books/transactions/{txn.pk}/").content.decode()
    assert page.get(address).status_code == 200
    cost, cash = legs_of(1_000)
    data = answers(txn)
    data |= {name: "10.00" for name in data if name.endswith(f"_{cost.account_id}")}
    data |= {name: "-10,00" for name in data if name.endswith(f"_{cash.account_id}")}
    before = state()
    shown = page.post(address, data)
    assert shown.status_code == 200
    text = shown.content.decode()
    assert 'name="confirm"' in text and "€10.00" in text and "−€100.00" in text
    assert state() == before
    hidden = {field.html_name: field.value() or "" for field in shown.context["form"]}
    changed = page.post(address, {**hidden, "change": "1"}).content.decode()
    assert 'value="-10,00"' in changed and 'name="confirm"' not in changed
    assert state() == before
    done = page.post(address, {**hidden, "confirm": "1"})
    assert done.status_code == 303
    new = replaced_by(txn)
    assert done["Location"] == f"/books/transactions/{new}/"
    assert moved(new or 0) == {cost.account_id: 1_000, cash.account_id: -1_000}
    after = state()
    again = page.post(address, {**hidden, "confirm": "1"})
    assert (again.status_code, again["Location"]) == (303, done["Location"])
    assert page.post(address, hidden).status_code == 422
    assert state() == after


def test_the_time_alone_can_be_corrected(page: Client) -> None:
    by_hand()
    pool = make_pool(treasury=10)
    txn = Transaction.objects.get(kind="asset placed")
    address = f"/books/transactions/{txn.pk}/correct/"
    text = page.get(address).content.decode()
    assert "amount_" not in text and "Place what is missing as an asset." in text
    data = {"effective_at": "2026-03-10T13:00", "reason": "delivered earlier", "confirm": "1"}
    assert page.post(address, data).status_code == 303
    new = Transaction.objects.get(pk=replaced_by(txn) or 0)
    assert (new.effective_at, new.about) == (MARCH, f"pool:{pool.code}")


@pytest.mark.parametrize(
    "changed", [{}, {"reason": ""}, {"effective_at": "soon"}, {"effective_at": "2999-01-01T00:00"}]
)
def test_a_wrong_form_says_so(page: Client, changed: dict[str, str]) -> None:
    txn = by_hand()
    before = state()
    for confirm in ({}, {"confirm": "1"}):
        address = f"/books/transactions/{txn.pk}/correct/"
        answer = page.post(address, {**answers(txn, **changed), **confirm})
        assert answer.status_code == 422
        assert 'id="errors"' in answer.content.decode()
    assert state() == before


def test_only_stewards_may_correct() -> None:
    txn, member = by_hand(), make_member()
    address = f"/books/transactions/{txn.pk}/correct/"
    visitor, logged_in = Client(), Client()
    logged_in.force_login(member.user)
    for method in ("get", "post"):
        assert getattr(visitor, method)(address).status_code == 302
        assert getattr(logged_in, method)(address).status_code == 403
    assert address not in logged_in.get(f"/books/transactions/{txn.pk}/").content.decode()


# Where it is read ---------------------------------------------------------------------------


def test_the_pages_link_original_reversal_and_replacement() -> None:
    txn = by_hand()
    done = correct(txn_id=txn.pk, actor=None, memo="why", legs=legs_of(1_000), effective_at=APRIL)
    numbers = {txn.pk, done.reversal, done.replacement}
    for number in numbers:
        text = Client().get(f"/books/transactions/{number}/").content.decode()
        others = numbers - {number}
        linked = {n for n in others if f'href="/books/transactions/{n}/"' in text}
        expected = others if number != done.replacement else {txn.pk}
        assert linked == expected
        assert "booked later than it counts" in text
    listed = Client().get("/books/transactions/").content.decode()
    assert listed.count(">reversed<") == 1


def test_the_api_gives_links_and_both_times() -> None:
    txn = by_hand()
    done = correct(txn_id=txn.pk, actor=None, memo="why", effective_at=APRIL)
    listed = Client().get("/api/v1/transactions").json()["results"]
    rows = {row["id"]: row for row in listed}
    names = ("reverses", "reversed_by", "replaces", "replaced_by")
    links = {pk: tuple(row[name] for name in names) for pk, row in rows.items()}
    assert links == {
        txn.pk: (None, done.reversal, None, done.replacement),
        done.reversal: (txn.pk, None, None, None),
        done.replacement: (None, None, txn.pk, None),
    }
    for pk, row in rows.items():
        one = Client().get(f"/api/v1/transactions/{pk}").json()
        assert {key: one[key] for key in row} == row
        stored = Transaction.objects.get(pk=pk)
        assert datetime.fromisoformat(row["effective_at"]) == stored.effective_at
        assert datetime.fromisoformat(row["recorded_at"]) == stored.recorded_at


def test_a_page_of_transactions_needs_no_query_for_each(django_assert_max_num_queries: Any) -> None:
    for n in range(6):
        txn = by_hand(key=str(n))
        correct(txn_id=txn.pk, actor=None, memo="", legs=legs_of(1_000))
    with django_assert_max_num_queries(8):
        assert len(Client().get("/api/v1/transactions").json()["results"]) == 18
    assert replacements([]) == {}
    assert Account.objects.exists()
