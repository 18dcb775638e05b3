"""What a treasurer decides, and taking it back by booked opposites."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bank.errors import BeyondLine, LineDecided, NoteNeeded, OnlyIncoming, PayoutFirst, WhoseBalance
from bank.models import Decision, Line
from bank.queries import reconciled
from bank.services import Wish, decide, import_file, match_all, undo
from bank.services.undoing import latest_of
from ledger.errors import KeyConflict
from members.models import Member
from payments.errors import CannotTakeBack, ChargeCancelled, PrepaidTooLow
from payments.models import Charge, Payout
from payments.services import cancel_charge, prepaid_balance
from tests.bank.books import all_wrong, balance_of, own_charge
from tests.bank.camt_file import Entry, Page, camt, credit, debit
from tests.makers import make_member, make_pool, pay, reserve
from titles.models import Title
from titles.services import accept_payment

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
Kind, State = Decision.Kind, Line.State


def tell(*entries: Entry, name: str = "S1", opening: int = 0) -> list[Line]:
    """The lines of a statement, looked at."""
    import_file(data=camt(Page(entries, name, opening, TODAY)), name="f", actor=None)
    match_all()
    return list(Line.objects.order_by("pk"))


def choose(line: Line, kind: str, key: str = "k", **wish: object) -> Decision:
    return decide(line_id=line.pk, wish=Wish(kind, **wish), actor=None, key=key)  # type: ignore[arg-type]


def take_back(line: Line, key: str = "u") -> Decision:
    decision = latest_of(line)
    assert decision is not None
    return undo(decision_id=decision.pk, reason="a slip", actor=None, key=key)


def reread(line: Line) -> str:
    line.refresh_from_db()
    return line.state


def two_charges(member: Member) -> list[Charge]:
    pool = make_pool()
    return [own_charge(member, pool, cost=c, code=f"2026-0{c // 100}") for c in (300, 400)]


def test_one_payment_is_split_over_charges_and_what_is_left_is_prepaid() -> None:
    member = make_member()
    charges = two_charges(member)
    (line,) = tell(credit(750, TODAY, "A1", text="all of it"))
    ids = [charge.pk for charge in charges]
    with pytest.raises(WhoseBalance):
        choose(line, Kind.CHARGES, charge_ids=ids)
    first = choose(line, Kind.CHARGES, charge_ids=ids, member_id=member.pk)
    assert choose(line, Kind.CHARGES, charge_ids=ids, member_id=member.pk) == first
    with pytest.raises(KeyConflict):
        choose(line, Kind.PREPAID, member_id=member.pk)
    assert set(Charge.objects.values_list("state", flat=True)) == {"paid"}
    assert (prepaid_balance(member), balance_of("unassigned"), all_wrong()) == (50, 0, [])
    take_back(line)
    assert reread(line) == State.BY_HAND
    assert (prepaid_balance(member), balance_of("unassigned"), all_wrong()) == (0, -750, [])
    # What was paid is owed again, under references of their own.
    assert Charge.objects.filter(state="open").count() == 2
    assert Charge.objects.filter(state="returned").count() == 2


def test_no_more_is_assigned_than_arrived() -> None:
    member = make_member()
    charges = two_charges(member)
    (line,) = tell(credit(650, TODAY, "A1"))
    with pytest.raises(BeyondLine):
        choose(line, Kind.CHARGES, charge_ids=[c.pk for c in charges], member_id=member.pk)
    assert (reread(line), balance_of("unassigned"), all_wrong()) == (State.UNKNOWN, -650, [])


def test_prepaid_settles_what_it_covers_and_goes_back_only_while_it_is_there() -> None:
    member = make_member()
    two_charges(member)
    (line,) = tell(credit(350, TODAY, "A1"))
    choose(line, Kind.PREPAID, member_id=member.pk)
    assert (prepaid_balance(member), all_wrong()) == (50, [])
    assert Charge.objects.get(state="paid").payment.source == "prepaid"
    with pytest.raises(PrepaidTooLow):
        take_back(line)
    assert (reread(line), all_wrong()) == (State.DECIDED, [])


def test_a_refund_waits_for_its_payout_and_is_confirmed_by_the_bank() -> None:
    from tests.bank.approvals import approve

    member = make_member()
    line = tell(credit(500, TODAY, "A1", text="too much"))[0]
    choose(line, Kind.REFUND, member_id=member.pk)
    payout = Payout.objects.get()
    assert (payout.amount, payout.kind, balance_of("payable")) == (500, "refund", -500)
    with pytest.raises(PayoutFirst):
        take_back(line)
    approve(payout)
    left = tell(debit(500, TODAY, "A2", end_to_end=payout.reference), name="S2", opening=500)[1]
    payout.refresh_from_db()
    assert (left.state, payout.state) == (State.MATCHED, Payout.State.EXECUTED)
    assert (balance_of("payable"), balance_of("cash:bank"), all_wrong()) == (0, 0, [])
    back = tell(
        credit(500, TODAY, "A3", end_to_end=payout.reference, returned="AC04"),
        name="S3",
        opening=0,
    )[2]
    payout.refresh_from_db()
    assert (back.state, payout.state, balance_of("payable")) == ("matched", "returned", -500)
    assert all_wrong() == []


def test_a_cancelled_refund_can_be_decided_anew() -> None:
    from payments.services import cancel_payout

    member = make_member()
    line = tell(credit(500, TODAY, "A1"))[0]
    choose(line, Kind.REFUND, member_id=member.pk)
    cancel_payout(payout_id=Payout.objects.get().pk, reason="they want to keep it", actor=None)
    assert all_wrong() == []
    take_back(line)
    choose(line, Kind.PREPAID, key="again", member_id=member.pk)
    assert (prepaid_balance(member), all_wrong()) == (500, [])


def test_what_was_marked_by_hand_is_not_counted_twice() -> None:
    member, pool = make_member(), make_pool(treasury=50)
    subscription = reserve(member, pool, 5)
    pay(subscription)
    (line,) = tell(credit(500, TODAY, "A1", reference=subscription.charge.reference))
    assert line.state == State.DUPLICATE
    with pytest.raises(NoteNeeded):
        choose(line, Kind.IN_BOOKS)
    choose(line, Kind.IN_BOOKS, note="marked on the day")
    found = reconciled()
    assert found is not None
    assert (found.bank, found.books, found.difference, all_wrong()) == (500, 500, 0, [])
    take_back(line)
    assert (balance_of("unassigned"), all_wrong()) == (-500, [])


def test_a_bank_fee_is_an_expense_and_an_error_of_the_bank_stays_aside() -> None:
    make_member()
    fee, strange = tell(debit(90, TODAY, "A1"), credit(700, TODAY, "A2"))
    with pytest.raises(OnlyIncoming):
        choose(fee, Kind.PREPAID, key="x", member_id=Member.objects.get().pk)
    choose(fee, Kind.FEE, key="a", note="quarter")
    choose(strange, Kind.NOT_OURS, key="b", note="the bank will take it back")
    assert (balance_of("bank_fee"), balance_of("unassigned")) == (90, -700)
    assert all_wrong() == []
    take_back(fee)
    assert (balance_of("bank_fee"), all_wrong()) == (0, [])


def test_a_line_is_decided_once() -> None:
    member = make_member()
    (line,) = tell(credit(500, TODAY, "A1"))
    choose(line, Kind.PREPAID, member_id=member.pk)
    with pytest.raises(LineDecided):
        choose(line, Kind.PREPAID, key="other", member_id=member.pk)


def test_a_refused_direct_debit_reopens_what_it_paid() -> None:
    member, pool = make_member(), make_pool()
    charge = own_charge(member, pool, cost=300, profit=100)
    tell(credit(400, TODAY, "A1", reference=charge.reference, end_to_end="DD-7"))
    assert balance_of("equity_credit") == -100
    _first, back = tell(
        debit(400, TODAY, "A2", end_to_end="DD-7", returned="MD06"), name="S2", opening=400
    )
    first = Line.objects.earliest("pk")
    charge.refresh_from_db()
    again = Charge.objects.latest("pk")
    assert (first.state, back.state, first.other, charge.state) == (
        State.RETURNED, State.RETURNED, back, "returned",
    )  # fmt: skip
    assert (again.amount, again.state, again.about) == (400, "open", charge.about)
    assert (balance_of("receivable"), balance_of("equity_credit")) == (400, 0)
    assert (balance_of("unassigned"), balance_of("cash:bank"), all_wrong()) == (0, 0, [])
    # The member pays again with the old reference.
    paid = tell(credit(400, TODAY, "A3", reference=charge.reference), name="S3", opening=0)[2]
    assert (paid.state, paid.charge, all_wrong()) == (State.MATCHED, again, [])


def test_a_returned_purchase_gives_the_shares_back() -> None:
    member, pool = make_member(), make_pool(treasury=50)
    charge = reserve(member, pool, 5).charge
    tell(credit(500, TODAY, "A1", reference=charge.reference))
    tell(
        debit(500, TODAY, "A2", reference=charge.reference, returned="AM09"), name="S2", opening=500
    )
    title, subscription = Title.objects.get(), charge.subscription
    subscription.refresh_from_db()
    assert (title.state, subscription.state) == (Title.State.CANCELLED, "cancelled")
    assert (balance_of("capital"), balance_of("cash:growth"), all_wrong()) == (0, 0, [])
    with pytest.raises(ChargeCancelled):
        accept_payment(
            reference=charge.reference, amount=500, received_on=TODAY, actor=None, key="again"
        )
    assert cancel_charge(charge_id=charge.pk, actor=None).state == Charge.State.RETURNED


def test_what_was_passed_on_is_not_taken_back_silently() -> None:
    from django.db import transaction

    from ledger.services import Leg, Posting, post
    from titles.accounts import capital_account, holding_accounts
    from titles.services.chain import choose as choose_titles
    from titles.services.chain import replace
    from titles.services.issue import Cause, Grant

    member, other, pool = make_member(), make_member("Ben"), make_pool(treasury=50)
    charge = reserve(member, pool, 5).charge
    tell(credit(500, TODAY, "A1", reference=charge.reference))
    with transaction.atomic():
        held = holding_accounts(pool, [member.pk, other.pk])
        paid = [capital_account(pool, m.pk) for m in (member, other)]
        legs = [
            Leg(held[member.pk], -5), Leg(held[other.pk], 5), Leg(paid[0], 500), Leg(paid[1], -500)
        ]  # fmt: skip
        txn_id = post(Posting(source="test", key="gift", kind="gift", legs=legs))
        chosen = choose_titles(pool=pool, holder=member, units=5)
        replace(
            pool=pool, chosen=chosen, takers=[Grant(other, 5)], cause=Cause("gift", txn_id),
            state=Title.State.TRANSFERRED,
        )  # fmt: skip
    back = tell(
        debit(500, TODAY, "A2", reference=charge.reference, returned="AM09"), name="S2", opening=500
    )[1]
    assert (back.state, all_wrong()) == (State.BY_HAND, [])
    with pytest.raises(CannotTakeBack):
        take_back(Line.objects.earliest("pk"))
    assert all_wrong() == []


def test_a_treasurer_pairs_lines_and_parts_them_again() -> None:
    make_member()
    came, went = tell(credit(80, TODAY, "A1", text="x"), debit(80, TODAY, "A2", text="storno"))
    choose(went, Kind.RETURN, other_id=came.pk)
    assert (reread(came), reread(went), all_wrong()) == ("returned", "returned", [])
    take_back(went)
    assert (reread(came), reread(went), all_wrong()) == ("by_hand", "by_hand", [])


def test_money_that_came_before_its_charge_is_for_a_person() -> None:
    member, pool = make_member(), make_pool()
    charge = own_charge(member, pool, cost=300)
    early = TODAY - timedelta(days=3)
    page = Page([credit(300, early, "A1", reference=charge.reference)], "S1", 0, early)
    import_file(data=camt(page), name="f", actor=None)
    match_all()
    line = Line.objects.get()
    assert line.state == State.BY_HAND
    choose(line, Kind.CHARGES, charge_ids=[charge.pk])
    charge.refresh_from_db()
    assert (charge.state, charge.payment.received_on, all_wrong()) == ("paid", TODAY, [])
