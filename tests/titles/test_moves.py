"""Passing units on: offered, accepted, declined, withdrawn, too late; divided; inherited."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from ledger.errors import DomainError, KeyConflict
from ledger.queries import balance
from members.models import Member
from members.services import change_state
from tests.makers import agree, all_wrong, buy, earn_credit, make_member, make_pool, reserve
from titles.errors import (
    BeyondCap,
    CannotGive,
    CannotReceive,
    LockedUp,
    NoEvidence,
    NoHeirs,
    NotDeceased,
    NothingToInherit,
    NothingToSplit,
    NotOffered,
    TooFewUnits,
    ToOneself,
    TransfersClosed,
    UnitsBound,
    WrongCode,
)
from titles.models import Title, Transfer
from titles.queries import credit_lots, units_of
from titles.services import (
    accept_transfer,
    decline_transfer,
    find_offer,
    issue_founding_units,
    offer_units,
    pass_on_estate,
    split_title,
    sweep_moves,
    withdraw_transfer,
)
from titles.services.transfer import Offered

pytestmark = pytest.mark.django_db


def offer(giver: Member, units: int, to: Member | None = None, **more: object) -> Offered:
    values = {
        "giver": giver,
        "pool": make_pool(),
        "units": units,
        "actor": giver.user,
        "key": f"offer {Transfer.objects.count()}",
        "to_number": to.number if to else None,
    }
    return offer_units(**{**values, **more})  # type: ignore[arg-type]


def accept(offered: Offered, receiver: Member) -> Transfer:
    return accept_transfer(
        transfer_id=offered.transfer.pk, receiver=receiver, actor=receiver.user, code=offered.code
    )


def live(member: Member) -> list[tuple[int, int, int, str]]:
    rows = Title.objects.filter(member=member, state="live").order_by("number")
    return list(rows.values_list("number", "units", "capital", "origin"))


def test_accepted_units_move_with_what_was_paid_in_for_them() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    agree("issue_price", 300, scope="backbone")
    offered = offer(ana, 4, ben)
    assert (units_of(ana, pool), units_of(ben, pool)) == (10, 0)
    done = accept(offered, ben)
    assert (units_of(ana, pool), units_of(ben, pool)) == (6, 4)
    assert live(ben) == [(2, 4, 400, "transfer")]
    assert live(ana) == [(3, 6, 600, "split")]
    first = Title.objects.get(number=1)
    assert (first.state, first.end_txn_id) == ("transferred", done.txn_id)
    assert sorted(link.later.number for link in first.later_links.all()) == [2, 3]
    assert balance("EUR", "capital", f"backbone/member/{ben.pk}") == -400
    assert all_wrong() == []


def test_accepting_twice_moves_the_units_once() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    offered = offer(ana, 10, ben, kind="gift")
    assert accept(offered, ben) == accept(offered, ben)
    assert live(ben) == [(2, 10, 1000, "gift")]
    with pytest.raises(NotOffered):
        decline_transfer(transfer_id=offered.transfer.pk, receiver=ben, actor=None)
    assert Title.objects.count() == 2


def test_the_same_key_offers_once_and_other_content_is_a_conflict() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    first = offer(ana, 4, ben, key="one form")
    assert offer(ana, 4, ben, key="one form").transfer == first.transfer
    with pytest.raises(KeyConflict):
        offer(ana, 5, ben, key="one form")
    assert Transfer.objects.count() == 1


def test_a_code_leads_to_the_offer_and_is_shown_once() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    offered = offer(ana, 4, key="form")
    assert len(offered.code) == 12
    assert offered.code not in str(Transfer.objects.values().get())
    assert offer(ana, 4, key="form").code == ""
    typed = f" {offered.code[:4].lower()}-{offered.code[4:8]} {offered.code[8:]}"
    assert find_offer(code=typed) == offered.transfer
    with pytest.raises(WrongCode):
        accept_transfer(transfer_id=offered.transfer.pk, receiver=ben, actor=None, code="guess")
    with pytest.raises(ToOneself):
        accept(offered, ana)
    assert accept(offered, ben).receiver == ben
    with pytest.raises(WrongCode):
        find_offer(code=offered.code)


def test_nobody_else_can_answer_an_offer() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    offered = offer(ana, 4, ben)
    chloe = make_member("Chloe")
    for answer in (accept_transfer, decline_transfer):
        with pytest.raises(WrongCode):
            answer(transfer_id=offered.transfer.pk, receiver=chloe, actor=None, code="")
    assert Transfer.objects.get().state == "offered"


def test_declined_withdrawn_and_late_offers_move_nothing() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    declined, withdrawn, late = offer(ana, 4, ben), offer(ana, 4, ben), offer(ana, 2, ben)
    decline_transfer(transfer_id=declined.transfer.pk, receiver=ben, actor=None)
    withdraw_transfer(transfer_id=withdrawn.transfer.pk, giver=ana, actor=None)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        for offered in (declined, withdrawn, late):
            with pytest.raises(NotOffered):
                accept(offered, ben)
        assert sweep_moves() == 1
        assert sweep_moves() == 0
    states = list(Transfer.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["declined", "withdrawn", "expired"]
    assert live(ana) == [(1, 10, 1000, "purchase")]


def test_what_is_offered_is_not_offered_twice() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    first = offer(ana, 7, ben)
    with pytest.raises(UnitsBound) as refusal:
        offer(ana, 4, ben)
    assert "3" in str(refusal.value)
    offer(ana, 3, ben)
    withdraw_transfer(transfer_id=first.transfer.pk, giver=ana, actor=None)
    assert offer(ana, 7, ben).transfer.units == 7


@pytest.mark.parametrize("units", [0, -1, 11])
def test_nobody_offers_more_than_they_hold_and_nothing_is_clamped(units: int) -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    with pytest.raises(TooFewUnits):
        offer(ana, units, ben)
    assert Transfer.objects.count() == 0


def test_chosen_titles_go_and_not_the_oldest() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    agree("issue_price", 200, scope="backbone")
    buy(ana, pool, 5)
    with pytest.raises(TooFewUnits):
        offer(ana, 6, ben, numbers=[2])
    accept(offer(ana, 5, ben, numbers=[2]), ben)
    assert live(ben) == [(3, 5, 1000, "transfer")]
    assert live(ana) == [(1, 10, 1000, "purchase")]
    assert all_wrong() == []


def test_the_cap_counts_what_the_receiver_has_coming() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    agree("holding_cap", [1, 4], scope="backbone")
    buy(ana, pool, 20)
    reserve(ben, pool, 15)
    with pytest.raises(BeyondCap) as refusal:
        offer(ana, 11, ben)
    assert "10" in str(refusal.value)
    offered = offer(ana, 10, ben)
    reserve(ben, pool, 1)
    with pytest.raises(BeyondCap):
        accept(offered, ben)
    assert Transfer.objects.get().state == "offered"
    assert all_wrong() == []


def test_states_and_pool_rules_bind_when_offered_and_when_accepted() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    offered = offer(ana, 4, ben)
    Member.objects.filter(pk=ben.pk).update(state="suspended")
    for task in (lambda: offer(ana, 1, ben), lambda: accept(offered, ben)):
        with pytest.raises(CannotReceive):
            task()
    Member.objects.filter(pk=ben.pk).update(state="active")
    Member.objects.filter(pk=ana.pk).update(state="suspended")
    for task in (lambda: offer(ana, 1, ben), lambda: accept(offered, ben)):
        with pytest.raises(CannotGive):
            task()
    Member.objects.filter(pk=ana.pk).update(state="active")
    agree("transfers_open", False, scope="backbone")
    for task in (lambda: offer(ana, 1, ben), lambda: accept(offered, ben)):
        with pytest.raises(TransfersClosed):
            task()
    with pytest.raises(CannotReceive):
        offer(ana, 1, to_number=999)


def test_a_lock_up_counts_from_when_units_were_acquired_and_no_split_begins_it_anew() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    agree("lockup_days", 30, scope="backbone")
    old = buy(ana, pool, 10).title
    assert old is not None
    with pytest.raises(LockedUp):
        offer(ana, 1, ben)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        split_title(holder=ana, title=old, parts=[4, 6], actor=None, key="split")
        buy(ana, pool, 5)
        with pytest.raises(LockedUp):
            offer(ana, 11, ben)
        accept(offer(ana, 10, ben), ben)
        with pytest.raises(LockedUp):
            offer(ben, 1, ana)


def test_a_holder_above_the_cap_keeps_and_divides_what_they_had() -> None:
    pool, ana, ben = make_pool(), make_member("Ana"), make_member("Ben")
    agree("holding_cap", [1, 2], scope="backbone")
    issue_founding_units(member=ana, pool=pool, units=90, actor=None, key="ana")
    issue_founding_units(member=ben, pool=pool, units=10, actor=None, key="ben")
    accept(offer(ana, 20, ben), ben)
    assert (units_of(ana, pool), units_of(ben, pool)) == (70, 30)
    with pytest.raises(BeyondCap):
        offer(ben, 1, ana)
    with pytest.raises(BeyondCap):
        offer(ana, 21, ben)
    assert all_wrong() == []


def test_a_title_is_divided_into_all_of_its_parts() -> None:
    pool, ana = make_pool(treasury=100), make_member("Ana")
    title = buy(ana, pool, 10).title
    assert title is not None
    for parts in ([10], [5, 4], [11, -1], [10, 0], []):
        with pytest.raises(NothingToSplit):
            split_title(holder=ana, title=title, parts=parts, actor=None, key="split")
    made = split_title(holder=ana, title=title, parts=[3, 3, 4], actor=None, key="split")
    again = split_title(holder=ana, title=title, parts=[3, 3, 4], actor=None, key="split")
    assert made == again
    assert live(ana) == [(2, 3, 300, "split"), (3, 3, 300, "split"), (4, 4, 400, "split")]
    with pytest.raises(TooFewUnits):
        split_title(holder=ana, title=title, parts=[5, 5], actor=None, key="again")
    assert all_wrong() == []


def dead(member: Member) -> Member:
    """A member whose death is on the register."""
    change_state(member_id=member.pk, to="deceased", reason="death", actor=None)
    member.refresh_from_db()
    return member


def test_an_estate_is_dealt_out_exactly() -> None:
    pool, ana = make_pool(treasury=100), make_member("Ana")
    ben, chloe, dario = (make_member(name) for name in ("Ben", "Chloe", "Dario"))
    buy(ana, pool, 4)
    buy(ana, pool, 6)
    earn_credit(ana, pool, 101, code="2026-05")
    heirs = {dario: 1, ben: 1, chloe: 1}
    done = pass_on_estate(deceased=dead(ana), heirs=heirs, evidence="Will", actor=None, key="e")
    again = pass_on_estate(deceased=ana, heirs=heirs, evidence="Will", actor=None, key="e")
    assert done == again
    assert [units_of(m, pool) for m in (ana, ben, chloe, dario)] == [0, 4, 3, 3]
    assert [sum(x.left for x in credit_lots(m, pool)) for m in (ana, ben, chloe, dario)] == [
        0, 34, 34, 33,
    ]  # fmt: skip
    assert sum(row[2] for m in (ben, chloe, dario) for row in live(m)) == 1000
    assert {row[3] for row in live(ben)} == {"inheritance"}
    with pytest.raises(KeyConflict):
        pass_on_estate(deceased=ana, heirs={ben: 1}, evidence="Will", actor=None, key="e")
    assert all_wrong() == []


def test_an_estate_needs_a_death_heirs_proof_and_something_to_inherit() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")

    def inherit(heirs: dict[Member, int], evidence: str = "Will") -> None:
        pass_on_estate(deceased=ana, heirs=heirs, evidence=evidence, actor=None, key="e")

    with pytest.raises(NotDeceased):
        inherit({ben: 1})
    dead(ana)
    refusals: list[tuple[type[DomainError], dict[Member, int], str]] = [
        (NoHeirs, {}, "Will"),
        (NoHeirs, {ben: 0}, "Will"),
        (NoHeirs, {ana: 1}, "Will"),
        (NoEvidence, {ben: 1}, "  "),
        (NothingToInherit, {ben: 1}, "Will"),
    ]
    for refusal, heirs, evidence in refusals:
        with pytest.raises(refusal):
            inherit(heirs, evidence)
    assert units_of(ben, pool) == 0


def test_the_cap_binds_heirs_and_then_nothing_is_done() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    chloe = make_member("Chloe")
    agree("holding_cap", [1, 4], scope="backbone")
    buy(ana, pool, 20)
    buy(ben, pool, 20)
    dead(ana)
    with pytest.raises(BeyondCap):
        pass_on_estate(deceased=ana, heirs={ben: 1, chloe: 1}, evidence="x", actor=None, key="e")
    assert (units_of(ana, pool), units_of(chloe, pool)) == (20, 0)
    heirs = {ben: 1, chloe: 3}
    pass_on_estate(deceased=ana, heirs=heirs, evidence="x", actor=None, key="e")
    assert (units_of(ben, pool), units_of(chloe, pool)) == (25, 15)
    assert all_wrong() == []


@pytest.mark.django_db(transaction=True)
def test_both_sides_are_told() -> None:
    pool, ana, ben = make_pool(treasury=100), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    accept(offer(ana, 4, ben), ben)
    assert ben.user is not None and ana.user is not None
    assert [(m.to, "4 shares" in m.body) for m in mail.outbox] == [
        ([ben.user.email], True),
        ([ana.user.email], True),
    ]
    assert "Ana" not in mail.outbox[0].body
