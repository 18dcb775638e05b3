"""The worked period of docs/economics.md, through the real services, step by step."""

from datetime import UTC, datetime

import pytest

from assets.models import Pool, Resource
from assets.queries import treasury_units
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from ledger.queries import balance
from members.models import Member
from members.services import enrol_member, found_cooperative
from payments.models import Charge
from policies.services import set_policy
from titles.services import issue_founding_units, settle_charges
from tokens.models import Period, Settlement, Usage, Yield
from tokens.services import (
    UsageRow,
    offer_surplus,
    open_period,
    preview_step,
    record_usage,
    run_step,
)

pytestmark = pytest.mark.django_db
JUNE = datetime(2026, 5, 31, 22, tzinfo=UTC)
JULY = datetime(2026, 6, 30, 22, tzinfo=UTC)
AUGUST = datetime(2026, 7, 31, 22, tzinfo=UTC)


@pytest.fixture
def valley() -> dict[str, Member]:
    """The cooperative of the worked period, with June open."""
    found_cooperative(
        name="Valley", legal_name="Valley Network Coop", currency="EUR", timezone="Europe/Madrid"
    )
    create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    pool = create_pool(code="backbone", name="Valley backbone", actor=None)
    place_asset(
        pool=pool,
        name="Mast",
        kind="mast",
        cost=100_000,
        in_service=JUNE.date(),
        paid_from="grant",
        actor=None,
        key="mast",
        capacity={"bandwidth": 1_000_000},
    )
    add_cost_line(
        pool=pool,
        name="Transit",
        amount=50_000,
        weights={"bandwidth": 1},
        since=JUNE.date(),
        source="bill",
        actor=None,
    )
    members = {name: enrol_member(name=name, actor=None) for name in ("ana", "ben", "chloe")}
    for name, units in (("ana", 500), ("ben", 300)):
        issue_founding_units(
            member=members[name], pool=pool, units=units, actor=None, key=name, from_treasury=True
        )
    set_policy(
        actor=None,
        key="posted_price",
        scope="backbone:bandwidth",
        value=80_000_000,
        valid_from=JUNE,
        source="founding",
    )
    open_period(start=JUNE, end=JULY, code="2026-06", actor=None, at=JUNE)
    return members


def use(member: Member, amount: int, key: str) -> UsageRow:
    return UsageRow(
        member_id=member.pk,
        pool_id=Pool.objects.get().pk,
        resource_id=Resource.objects.get().pk,
        used_at=JUNE,
        amount=amount,
        key=key,
    )


def test_the_worked_period_comes_out_to_the_cent(valley: dict[str, Member]) -> None:
    row = Yield.objects.get()
    assert (row.unit_cost, row.sale_cost, row.price) == (50_000_000, 50_000_000, 80_000_000)
    assert row.pool_issued == 200_000
    pool, resource = Pool.objects.get(), Resource.objects.get()
    offer_surplus(member=valley["ben"], pool=pool, resource=resource, amount=150_000, actor=None)
    rows = [
        use(valley["ana"], 450_000, "a"),
        use(valley["ben"], 170_000, "b"),
        use(valley["chloe"], 120_000, "c"),
    ]
    record_usage(rows=rows, actor=None)
    record_usage(rows=rows, actor=None)
    assert Usage.objects.count() == 3
    chloe = valley["chloe"].pk
    assert balance("EUR", "provisional_receivable", f"member/{chloe}") == 9600

    period = Period.objects.get()
    for step in ("settle", "match", "charge"):
        preview = preview_step(period_id=period.pk, step=step, actor=None, at=JULY)
        done = run_step(period_id=period.pk, step=step, actor=None, at=JULY)
        assert preview.summary == done.summary
    settle_charges(period_code="2026-06", actor=None)
    for step in ("expire", "convert"):
        run_step(period_id=period.pk, step=step, actor=None, at=JULY)
        run_step(period_id=period.pk, step=step, actor=None, at=JULY)

    row.refresh_from_db()
    assert (row.matched, row.unbacked, row.pool_sold) == (120_000, 0, 72_727)
    assert (row.vacancy, row.to_reserve, row.carried_next) == (6364, 0, 0)
    assert row.settled_cost == 50_000_000
    ben = Settlement.objects.get(book__member=valley["ben"])
    assert (ben.sold, ben.expired, ben.own_cost) == (47_273, 82_727, 12_636)
    charges = dict(Charge.objects.values_list("member__name", "amount"))
    assert charges == {"ana": 25_000, "ben": 12_636, "chloe": 9_600}
    assert treasury_units(pool) == 164
    assert balance("unit:backbone", "holding", f"member/{chloe}") == 36
    assert balance("EUR", "cash:growth", "pool/backbone") == 3600
    assert balance("EUR", "vacancy", "pool/backbone") == 6364

    open_period(start=JULY, end=AUGUST, code="2026-07", actor=None, at=JULY)
    july = Yield.objects.get(period__code="2026-07")
    issued = dict(july.books.values_list("member__name", "issued"))
    assert issued == {"ana": 500_000, "ben": 300_000, "chloe": 36_000}
    assert july.pool_issued == 164_000
