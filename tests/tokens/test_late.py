"""Usage that comes after the close of its period: each number here was worked out by hand.

June is that of the worked period: Ana used 450 of 500 tokens, Ben 170 of 300 and sold 47.273,
Chloe 120 without any; u = v = w = 0.50, P = 0.80. July has no use of its own.
"""

import random
from collections.abc import Sequence

import pytest

from coop.invariants import all_broken
from ledger.queries import balance, balance_of
from members.models import Member
from members.services import enrol_member
from payments.models import Charge, ChargeLine, CreditReturn
from policies.services import set_policy
from tests.valley import AUGUST, JULY, JUNE, Valley, make_valley, taken_back
from titles.services import settle_charges
from tokens.errors import BelowZero, ReasonMissing
from tokens.models import Adjustment, Book, LateCharge, Period, Usage, Yield
from tokens.services import UsageRow, record_late, run_step

pytestmark = pytest.mark.django_db


def closed_june() -> tuple[Valley, Period]:
    """June closed and paid, July open."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    return valley, valley.open_july()


def close_july(july: Period) -> None:
    for step in ("settle", "match", "charge"):
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)
    settle_charges(period_code=july.code, actor=None)
    for step in ("expire", "convert"):
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)


def money(kind: str, member: Member) -> int:
    return balance("EUR", kind, f"member/{member.pk}")


def line_of(member: Member) -> tuple[int, int, int, int, int, str]:
    row = ChargeLine.objects.get(charge__member=member, kind=ChargeLine.Kind.ADJUSTMENT)
    return row.quantity, row.rate, row.cost_rate, row.cost, row.profit, row.period


def charged(member: Member) -> int | None:
    found = Charge.objects.filter(member=member, about="period:2026-07").first()
    return None if found is None else found.amount


def test_late_usage_takes_what_expired_and_then_goes_over_at_junes_price() -> None:
    valley, july = closed_june()
    ana = valley.members["ana"]
    done = record_late(rows=[valley.use("ana", 60_000, "late")], actor=None)
    assert (len(done.recorded), done.left) == (1, [])
    row = Adjustment.objects.get()
    assert (row.from_expired, row.over, row.cost_part, row.profit) == (50_000, 10_000, 500, 300)
    assert row.booked_in.period == july
    assert money("provisional_receivable", ana) == 800
    assert balance("EUR", "provisional_profit", "pool/backbone") == -300
    book = Book.objects.get(member=ana, yields__period=valley.period)
    assert (book.redeemed, book.overage) == (500_000, 10_000)
    assert balance_of(book.yields.expired_account) == 260_000 - 50_000
    assert all_broken() == []

    close_july(july)
    assert line_of(ana) == (10_000, 80_000_000, 50_000_000, 500, 300, "2026-06")
    assert charged(ana) == 25_000 + 800
    row_of_july = Yield.objects.get(period=july)
    assert (row_of_july.to_reserve, row_of_july.carried_next) == (500, 0)
    assert balance("EUR", "provisional_receivable", f"member/{ana.pk}") == 0
    assert balance("unit:backbone", "holding", f"member/{ana.pk}") == 503
    assert balance("EUR", "replacement_reserve", "pool/backbone") == -500
    assert all_broken() == []


def test_late_usage_within_what_expired_costs_nothing() -> None:
    valley, july = closed_june()
    record_late(rows=[valley.use("ben", 80_000, "late")], actor=None)
    row = Adjustment.objects.get()
    assert (row.from_expired, row.over, row.cost_part, row.profit) == (80_000, 0, 0, 0)
    close_july(july)
    assert charged(valley.members["ben"]) == 15_000
    assert not ChargeLine.objects.filter(kind=ChargeLine.Kind.ADJUSTMENT).exists()
    assert all_broken() == []


def test_a_late_correction_takes_its_cost_off_the_next_charge_and_leaves_shares() -> None:
    valley, july = closed_june()
    chloe = valley.members["chloe"]
    record_late(rows=[valley.use("chloe", -20_000, "fix", reason="wrong meter")], actor=None)
    assert money("provisional_receivable", chloe) == -1600
    close_july(july)
    assert line_of(chloe) == (-20_000, 80_000_000, 50_000_000, -1000, 0, "2026-06")
    assert charged(chloe) == 1800 - 1000
    assert balance("unit:backbone", "holding", f"member/{chloe.pk}") == 36
    assert not CreditReturn.objects.exists()
    row = Yield.objects.get(period=july)
    assert (row.to_reserve, row.carried_next) == (0, -1000)
    assert all_broken() == []


def test_what_a_correction_gives_back_beyond_the_charge_is_prepaid() -> None:
    valley, july = closed_june()
    chloe = valley.members["chloe"]
    record_late(rows=[valley.use("chloe", -60_000, "fix", reason="wrong meter")], actor=None)
    close_july(july)
    late = LateCharge.objects.get()
    assert (late.cost_part, late.profit, late.to_prepaid) == (-3000, -1800, 1200)
    assert charged(chloe) is None
    assert late.charge is None
    assert money("prepaid", chloe) == -1200
    assert all_broken() == []


def test_open_credit_is_given_back_the_newest_first() -> None:
    valley = make_valley()
    set_policy(
        actor=None, key="vesting", scope="backbone", value="on_acquisition",
        valid_from=JUNE, source="founding",
    )  # fmt: skip
    valley.used_as_in_the_worked_period()
    valley.close()
    july = valley.open_july()
    chloe = valley.members["chloe"]
    record_late(rows=[valley.use("chloe", -20_000, "fix", reason="wrong meter")], actor=None)
    close_july(july)
    back = CreditReturn.objects.get()
    assert (back.amount, back.fund, back.about) == (600, "backbone", "period:2026-06")
    assert balance("EUR", "equity_credit", f"backbone/member/{chloe.pk}/2026-06") == -3000
    assert balance("EUR", "cash:growth", "pool/backbone") == 3000
    assert money("prepaid", chloe) == -(1000 + 600)
    assert all_broken() == []


def test_twice_delivered_is_once_booked() -> None:
    valley, _july = closed_june()
    row = valley.use("ana", 60_000, "late")
    first = record_late(rows=[row], actor=None)
    again = record_late(rows=[row, row], actor=None)
    assert (len(first.recorded), again.recorded, again.left) == (1, [], [])
    assert Usage.objects.filter(key="late").count() == Adjustment.objects.count() == 1
    assert all_broken() == []


def test_what_no_closed_period_covers_is_left() -> None:
    valley, _july = closed_june()
    row = valley.use("ana", 1000, "early")
    early = UsageRow(**{**row.__dict__, "used_at": JUNE.replace(year=2025)})
    running = UsageRow(**{**row.__dict__, "used_at": JULY, "key": "running"})
    assert record_late(rows=[early, running], actor=None).left == [early, running]
    assert not Adjustment.objects.exists()


def test_refusals() -> None:
    valley, _july = closed_june()
    with pytest.raises(BelowZero):
        record_late(rows=[valley.use("chloe", -120_001, "fix", reason="wrong")], actor=None)
    without = UsageRow(**{**valley.use("chloe", -1, "x", reason="y").__dict__, "reason": ""})
    with pytest.raises(ReasonMissing):
        record_late(rows=[without], actor=None)
    assert not Usage.objects.filter(kind="correction").exists()
    assert all_broken() == []


def test_somebody_without_a_book_in_june_gets_one() -> None:
    valley, july = closed_june()
    dora = enrol_member(name="Dora", actor=None)
    row = UsageRow(**{**valley.use("ana", 10_000, "late").__dict__, "member_id": dora.pk})
    record_late(rows=[row], actor=None)
    close_july(july)
    assert line_of(dora)[3:5] == (500, 300)
    assert all_broken() == []


def test_a_later_period_goes_on_from_what_was_booked() -> None:
    """40 late in July take what expired; 30 more in August: 10 of them do, 20 go over."""
    valley, july = closed_june()
    record_late(rows=[valley.use("ana", 40_000, "one")], actor=None)
    close_july(july)
    august = run_step(period_id=july.pk, step="open", actor=None, at=AUGUST)
    assert august.name == "open"
    record_late(rows=[valley.use("ana", 30_000, "two")], actor=None)
    row = Adjustment.objects.get(usage__key="two")
    assert (row.from_expired, row.over, row.cost_part, row.profit) == (10_000, 20_000, 1000, 600)
    assert row.booked_in.period.code == "2026-08"
    assert all_broken() == []


def state_of(valley: Valley) -> list[object]:
    """All that late usage can move."""
    books = Book.objects.filter(yields__period=valley.period).order_by("pk")
    row = Yield.objects.get(period=valley.period)
    accounts = (row.expired_account, row.redeemed_account, row.overage_account)
    return [
        list(books.values_list("member_id", "redeemed", "overage")),
        [balance_of(account) for account in (*accounts, row.unbacked_account)],
        [money("provisional_receivable", m) for m in valley.members.values()],
        balance("EUR", "provisional_cost", "pool/backbone"),
        balance("EUR", "provisional_profit", "pool/backbone"),
    ]


def batched(rows: Sequence[UsageRow], chance: random.Random) -> list[list[UsageRow]]:
    cut: list[list[UsageRow]] = [[]]
    for row in rows:
        if cut[-1] and chance.random() < 0.4:
            cut.append([])
        cut[-1].append(row)
    return cut


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_batches_end_in_the_same_books(seed: int) -> None:
    valley, _july = closed_june()
    chance = random.Random(seed)
    rows = []
    for n in range(14):
        name = chance.choice(["ana", "ben", "chloe"])
        less = chance.random() < 0.3
        amount = -chance.randint(1, 8000) if less else chance.randint(0, 45_001)
        rows.append(valley.use(name, amount, f"k{n}", reason="checked" if less else ""))
    ends = []
    for _ in range(4):
        chance.shuffle(rows)
        with taken_back():
            for batch in batched(rows, chance):
                record_late(rows=batch, actor=None)
            ends.append(state_of(valley))
            assert all_broken() == []
    assert ends[0] == ends[1] == ends[2] == ends[3]
