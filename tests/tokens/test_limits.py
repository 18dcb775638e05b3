"""Credit limits and linked members where overage meets surplus, worked out by hand.

June is that of the worked period (tests/tokens/test_worked_period.py), with a limit or a link.
"""

import pytest
from django.utils import timezone

from assets.services import create_pool, place_asset
from coop.invariants import all_broken
from ledger.services import open_account
from members.models import LinkedMembers, Member
from members.services import link_members, unlink_members
from payments.services import credit_prepaid
from policies.services import set_policy
from tests.valley import AUGUST, JULY, JUNE, Valley, make_valley
from tokens.credit import credit_room
from tokens.models import Settlement, Yield
from tokens.services import UsageRow, call_auction, place_bid, preview_step, record_usage, run_step

pytestmark = pytest.mark.django_db


def limit(cents: int) -> None:
    set_policy(actor=None, key="credit_limit", value=cents, valid_from=JUNE, source="founding")


def pay_ahead(member: Member, cents: int) -> None:
    bank = open_account(commodity="EUR", kind="cash:bank", owner="")
    credit_prepaid(
        member=member, amount=cents, from_account_id=bank, key="ahead", about="test", actor=None
    )


def settled(valley: Valley, name: str) -> Settlement:
    return Settlement.objects.get(
        book__member=valley.members[name], book__yields__period=valley.period
    )


def matched() -> tuple[int | None, int | None, int | None]:
    row = Yield.objects.get()
    return row.matched, row.unbacked, row.to_reserve


def test_what_goes_beyond_the_limit_is_not_backed() -> None:
    """50.00 at 0.80 are 62.5 tokens; the other 57.5 are backed by nobody: 28.75 to the reserve."""
    limit(5000)
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    assert settled(valley, "chloe").beyond_limit == 57_500
    assert settled(valley, "ben").sold == 24_621
    assert matched() == (62_500, 57_500, 2875)
    assert all_broken() == []


def test_what_was_paid_ahead_widens_the_limit() -> None:
    limit(5000)
    valley = make_valley()
    pay_ahead(valley.members["chloe"], 4600)
    valley.used_as_in_the_worked_period()
    valley.run("settle", "match", "charge")
    assert settled(valley, "chloe").beyond_limit == 0
    assert matched() == (120_000, 0, 0)


def test_a_limit_that_nobody_reaches_changes_nothing() -> None:
    limit(9600)
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    assert (settled(valley, "chloe").beyond_limit, settled(valley, "ben").sold) == (0, 47_273)
    assert all_broken() == []


def test_unpaid_charges_of_earlier_periods_take_up_the_limit() -> None:
    """In June Chloe runs up 96.00 and pays nothing, so in July nothing more is within 96.00."""
    limit(9600)
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.run("settle", "match", "charge", "expire", "convert")
    july = valley.open_july()
    row = UsageRow(**{**valley.use("chloe", 10_000, "j").__dict__, "used_at": JULY})
    record_usage(rows=[row], actor=None)
    assert credit_room(valley.members["chloe"], timezone.now()) == -800
    run_step(period_id=july.pk, step="settle", actor=None, at=AUGUST)
    preview = preview_step(period_id=july.pk, step="match", actor=None, at=AUGUST)
    assert preview.summary["yields"][0]["beyond_limit"] == 10_000
    assert all_broken() == []


def test_the_limit_is_taken_up_in_the_order_of_the_codes() -> None:
    """100.00: in "attic" 60 tokens cost 48.00, of the 52.00 left "backbone" gets 65 of its 70."""
    limit(10_000)
    valley = make_valley()
    valley.close()
    _attic(valley)
    july = valley.open_july()
    chloe = valley.members["chloe"].pk
    for pool, amount in (("attic", 60_000), ("backbone", 70_000)):
        at = Yield.objects.get(period=july, pool__code=pool)
        row = UsageRow(chloe, at.pool_id, at.resource_id, JULY, amount, f"use {pool}")
        record_usage(rows=[row], actor=None)
    for step in ("settle", "match"):
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)
    found = Settlement.objects.filter(book__member=chloe, book__yields__period=july)
    beyond = dict(found.values_list("book__yields__pool__code", "beyond_limit"))
    assert beyond == {"attic": 0, "backbone": 5000}


def _attic(valley: Valley) -> None:
    pool = create_pool(code="attic", name="Attic", actor=None)
    place_asset(
        pool=pool, name="Disks", kind="disk", cost=1000, in_service=JUNE.date(), paid_from="grant",
        actor=None, key="disks", capacity={"bandwidth": 100_000},
    )  # fmt: skip
    set_policy(
        actor=None, key="posted_price", scope="attic:bandwidth", value=80_000_000,
        valid_from=JUNE, source="founding",
    )  # fmt: skip


def test_room_is_what_the_limit_leaves() -> None:
    valley = make_valley()
    chloe = valley.members["chloe"]
    assert credit_room(chloe, timezone.now()) is None
    limit(10_000)
    assert credit_room(chloe, timezone.now()) == 10_000
    record_usage(rows=[valley.use("chloe", 20_000, "c")], actor=None)
    assert credit_room(chloe, timezone.now()) == 10_000 - 1600
    pay_ahead(chloe, 500)
    auction = call_auction(pool=valley.pool, resource=valley.resource, key="a", actor=None)
    place_bid(auction_id=auction.pk, member=chloe, price=90_000_000, amount=10_000, actor=None)
    assert credit_room(chloe, timezone.now()) == 10_000 - 1600 + 500 - 900


def linked(one: Member, other: Member) -> LinkedMembers:
    return link_members(member_id=one.pk, other_id=other.pk, reason="one household", actor=None)


def test_linked_members_do_not_sell_to_each_other() -> None:
    """Ben may not sell what Chloe goes over by: the treasury serves all of it."""
    valley = make_valley()
    link = linked(valley.members["chloe"], valley.members["ben"])
    valley.used_as_in_the_worked_period()
    valley.run("settle")
    first = preview_step(period_id=valley.period.pk, step="match", actor=None, at=JULY)
    assert first.summary["yields"][0]["by_pool"] == 120_000
    unlink_members(link_id=link.pk, actor=None)
    valley.run("match")
    assert settled(valley, "ben").sold == 47_273


def test_a_link_through_somebody_else_counts_too() -> None:
    valley = make_valley()
    ana, ben, chloe = (valley.members[name] for name in ("ana", "ben", "chloe"))
    linked(ana, ben)
    linked(ana, chloe)
    valley.used_as_in_the_worked_period()
    valley.close()
    assert settled(valley, "ben").sold == 0
    assert Yield.objects.get().pool_sold == 120_000
    assert all_broken() == []
