"""The cooperative of the worked period (docs/economics.md, section 12), with June open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from assets.models import Pool, Resource
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from members.models import Member, User
from members.services import enrol_member, found_cooperative
from policies.services import set_policy
from titles.services import issue_founding_units, settle_charges
from tokens.models import Period
from tokens.services import UsageRow, offer_surplus, open_period, record_usage, run_step

JUNE = datetime(2026, 5, 31, 22, tzinfo=UTC)
JULY = datetime(2026, 6, 30, 22, tzinfo=UTC)
AUGUST = datetime(2026, 7, 31, 22, tzinfo=UTC)
SCOPE = "backbone:bandwidth"


@dataclass(frozen=True)
class Valley:
    """The pool, its resource, its members by name, and the open period."""

    pool: Pool
    resource: Resource
    period: Period
    members: dict[str, Member] = field(default_factory=dict)

    def use(self, name: str, amount: int, key: str, reason: str = "") -> UsageRow:
        """A row of usage in June; with a reason it is a correction."""
        return UsageRow(
            member_id=self.members[name].pk,
            pool_id=self.pool.pk,
            resource_id=self.resource.pk,
            used_at=JUNE,
            amount=amount,
            key=key,
            kind="correction" if reason else "reading",
            reason=reason,
        )

    def used_as_in_the_worked_period(self) -> list[UsageRow]:
        """What was used in June: recorded, with Ben offering what he has left."""
        offer_surplus(
            member=self.members["ben"],
            pool=self.pool,
            resource=self.resource,
            amount=150_000,
            actor=None,
        )
        rows = [
            self.use("ana", 450_000, "a"),
            self.use("ben", 170_000, "b"),
            self.use("chloe", 120_000, "c"),
        ]
        record_usage(rows=rows, actor=None)
        return rows

    def run(self, *steps: str, actor: User | None = None) -> None:
        """Steps of the close, as of the end of June."""
        for step in steps:
            run_step(period_id=self.period.pk, step=step, actor=actor, at=JULY)

    def close(self) -> None:
        """The whole close, every charge paid on its day."""
        self.run("settle", "match", "charge")
        settle_charges(period_code=self.period.code, actor=None)
        self.run("expire", "convert")

    def open_july(self) -> Period:
        """The period after."""
        return open_period(start=JULY, end=AUGUST, code="2026-07", actor=None, at=JULY)


def make_valley(*, start: datetime = JUNE, end: datetime = JULY) -> Valley:
    """Ana 500 units, Ben 300, treasury 200; Chloe owns nothing; the price is 0.80.

    The open period is June 2026 unless another span is given.
    """
    found_cooperative(
        name="Valley", legal_name="Valley Network Coop", currency="EUR", timezone="Europe/Madrid"
    )
    resource = create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    pool = create_pool(code="backbone", name="Valley backbone", actor=None)
    _furnish(pool)
    members = {name: enrol_member(name=name, actor=None) for name in ("ana", "ben", "chloe")}
    for name, units in (("ana", 500), ("ben", 300)):
        issue_founding_units(
            member=members[name], pool=pool, units=units, actor=None, key=name, from_treasury=True
        )
    code = f"{timezone.localtime(start):%Y-%m}"
    period = open_period(start=start, end=end, code=code, actor=None, at=start)
    return Valley(pool, resource, period, members)


def _furnish(pool: Pool) -> None:
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
    set_policy(
        actor=None,
        key="posted_price",
        scope=SCOPE,
        value=80_000_000,
        valid_from=JUNE,
        source="founding",
    )


@contextmanager
def taken_back() -> Iterator[None]:
    """A database transaction that is undone at its end; services inside may be outermost."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)
