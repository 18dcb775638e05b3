"""Named reads of the ways out: the price, the limit, the queue and one's place in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, F, IntegerField, QuerySet, Sum, Value, When
from django.utils import timezone

from assets.accounts import MONEY, pool_owner
from assets.models import Pool
from assets.queries import backing, total_units
from ledger.models import Balance
from ledger.queries import balance
from members.models import Member
from payments.models import Payout
from payments.services import prepaid_balance
from policies.models import PolicyValue
from policies.queries import in_force, policy
from titles.campaigns import AHEAD, kept_for_campaigns
from titles.models import CreditLot, Leaving, Redemption, RedemptionRequest, SellDown
from titles.queries import credit_lots, holdings
from titles.redeeming import RANKS, Budget, Price, Served, Waiting, serve

State = RedemptionRequest.State
Kind = RedemptionRequest.Kind
GOING = (
    Payout.State.REQUESTED, Payout.State.APPROVED, Payout.State.ORDERED, Payout.State.RETURNED
)  # fmt: skip
"""Payouts that are owed and have not left the purse."""
LONGEST_FORECAST = 600


@dataclass(frozen=True)
class Quote:
    """The price of a unit today with the figures behind it, all cents but `units`."""

    behind: int
    owed_out: int
    units: int
    issue_price: int
    parts: dict[str, int]

    @property
    def price(self) -> Price:
        """The price that follows."""
        return Price(self.behind - self.owed_out, self.units, self.issue_price)

    @property
    def derivation(self) -> dict[str, int]:
        """What is kept of it beside a run."""
        return {**self.parts, "owed_out": self.owed_out, "units": self.units}


@dataclass(frozen=True)
class Limit:
    """What may go out of a pool in a month: in shares, in cents (0: no such limit), and used."""

    units: int
    cents: int
    used_nominal: int
    used_cents: int
    cash: int
    issue_price: int

    @property
    def nominal(self) -> int:
        """The limit in shares as cents: its measure at the issue price."""
        return self.units * self.issue_price

    @property
    def budget(self) -> Budget:
        """What is left for a run now."""
        money = self.cents - self.used_cents if self.cents else None
        return Budget(self.nominal - self.used_nominal, money, self.cash)


@dataclass(frozen=True)
class Place:
    """Where a request stands: its place, units before it, and the month it may be whole.

    `covered` says whether the growth fund holds enough today for all up to it.
    """

    number: int
    ahead: int
    month: date | None
    covered: bool


def quote(pool: Pool, at: datetime | None = None) -> Quote:
    """What a unit brings now: backing by the books, less what is owed out of the growth fund."""
    found = backing(pool)
    return Quote(
        behind=found.total,
        owed_out=owed_out(pool),
        units=total_units(pool),
        issue_price=policy("issue_price", at or timezone.now(), pool.code),
        parts={name: value for name, value in vars(found).items() if isinstance(value, int)},
    )


def owed_out(pool: Pool) -> int:
    """Cents owed for redemptions and credit of a pool that its growth fund has yet to pay."""
    going = Payout.objects.filter(state__in=GOING).values("pk")
    rows = Redemption.objects.filter(pool=pool, payout_id__in=going)
    due = F("gross") - F("settled") - F("set_off")
    return rows.aggregate(n=Sum(due))["n"] or 0


def month_of(at: datetime) -> str:
    """The month whose limit a moment uses, as "2026-11"."""
    return f"{timezone.localtime(at):%Y-%m}"


def limit(pool: Pool, at: datetime) -> Limit:
    """What may go out of a pool in the month of a moment, and what of it is used."""
    numerator, denominator = policy("redemption_limit", at, pool.code)
    used = Redemption.objects.filter(run__pool=pool, run__period=month_of(at))
    sums = used.aggregate(nominal=Sum("nominal"), gross=Sum("gross"))
    held = balance(MONEY, "cash:growth", pool_owner(pool)) - kept_for_campaigns(pool)
    return Limit(
        units=total_units(pool) * numerator // denominator,
        cents=policy("redemption_limit_cents", at, pool.code),
        used_nominal=sums["nominal"] or 0,
        used_cents=sums["gross"] or 0,
        cash=max(0, held - owed_out(pool)),
        issue_price=policy("issue_price", at, pool.code),
    )


def suspension(pool: Pool, at: datetime) -> PolicyValue | None:
    """The decision by which a pool takes nothing back at a moment, or None."""
    row = in_force("redemption_suspended", at, pool.code)
    return row if row is not None and row.value else None


def queue(pool: Pool, at: datetime) -> QuerySet[RedemptionRequest]:
    """The requests that wait, in the order in which they are served."""
    ranks = RANKS[policy("redemption_order", at, pool.code)]
    rank = Case(
        *(When(klass=klass, then=Value(n)) for klass, n in ranks.items()),
        output_field=IntegerField(),
    )
    found = RedemptionRequest.objects.filter(pool=pool, state=State.WAITING)
    return found.select_related("member").alias(rank=rank).order_by("rank", "pk")


def ready(pool: Pool, at: datetime) -> QuerySet[RedemptionRequest]:
    """Those of the queue whose notice is over."""
    return queue(pool, at).filter(due_on__lte=timezone.localtime(at).date())


def waiting_of(pool: Pool, rows: Iterable[RedemptionRequest]) -> list[Waiting]:
    """Requests as the serving reads them: never more than the member still has.

    Credit may have become units, and a purchase may have been taken back, while they waited.
    """
    found = list(rows)
    there = _there(pool, found)
    waiting = []
    for row in found:
        held = there[row.member_id, row.kind]
        left = min(row.left, held)
        there[row.member_id, row.kind] = held - left
        if left:
            waiting.append(Waiting(row.pk, left, row.kind == Kind.CREDIT))
    return waiting


def _there(pool: Pool, rows: Sequence[RedemptionRequest]) -> dict[tuple[int, str], int]:
    """What members have, by member and kind: units, and cents of credit."""
    held = holdings(pool)
    there = {(row.member_id, row.kind): held.get(row.member_id, 0) for row in rows}
    lots = Balance.objects.filter(
        account__commodity__code=MONEY,
        account__kind="equity_credit",
        account__owner__startswith=f"{pool.code}/member/",
        amount__lt=0,
    ).values_list("account__owner", "amount")
    credit: dict[int, int] = {}
    for owner, amount in lots if any(row.kind == Kind.CREDIT for row in rows) else ():
        _pool, _word, member, period = owner.split("/")
        if not period.startswith(AHEAD):
            credit[int(member)] = credit.get(int(member), 0) - amount
    return there | {key: credit.get(key[0], 0) for key in there if key[1] == Kind.CREDIT}


def emptied(pool: Pool, at: datetime) -> list[RedemptionRequest]:
    """Requests whose notice is over and for which nothing is there any more."""
    rows = list(ready(pool, at))
    waiting = {item.pk for item in waiting_of(pool, rows)}
    return [row for row in rows if row.pk not in waiting]


def would_serve(pool: Pool, at: datetime) -> list[Served]:
    """What a run would serve now; nothing while it is suspended."""
    if suspension(pool, at):
        return []
    return serve(waiting_of(pool, ready(pool, at)), quote(pool, at).price, limit(pool, at).budget)


def queued_units(member: Member, pool: Pool) -> int:
    """Units of a member that wait to be taken back."""
    rows = _waiting_units(member, pool)
    return sum(row.left for row in rows)


def queued_numbers(member: Member, pool: Pool) -> set[int]:
    """Numbers of the titles that a member named for being taken back."""
    return {number for row in _waiting_units(member, pool) for number in row.numbers or ()}


def _waiting_units(member: Member, pool: Pool) -> QuerySet[RedemptionRequest]:
    return RedemptionRequest.objects.filter(
        member=member, pool=pool, kind=Kind.UNITS, state=State.WAITING
    ).order_by("pk")


def ripe_credit(member: Member, pool: Pool, at: datetime) -> int:
    """Cents of a member's credit that waited longer than the policy's limit."""
    days: int = policy("credit_payout_days", at, pool.code)
    before = f"{timezone.localtime(at - timedelta(days=days)):%Y-%m}"
    return sum(
        lot.left
        for lot in credit_lots(member, pool)
        if lot.lot.period < before and not lot.is_ahead
    )


def requests_of(member: Member) -> QuerySet[RedemptionRequest]:
    """A member's requests, the newest first."""
    found = RedemptionRequest.objects.filter(member=member).select_related("pool")
    return found.prefetch_related("redemptions").order_by("-pk")


def place_of(request: RedemptionRequest, at: datetime) -> Place:
    """Where a waiting request stands, and in which month it is whole by today's limit and price.

    A forecast: others may come before it, prices and limits may change. None beyond fifty years,
    and while nothing is taken back.
    """
    rows = list(queue(request.pool, at))
    number = next(n for n, row in enumerate(rows, 1) if row.pk == request.pk)
    ahead = sum(row.left for row in rows[: number - 1] if row.kind == Kind.UNITS)
    price, allowed = quote(request.pool, at).price, limit(request.pool, at)
    covered = _costs(rows[:number], price) <= allowed.cash
    month = _forecast(request, rows[:number], price, allowed, at) if covered else None
    return Place(number, ahead, month, covered)


def _costs(rows: Sequence[RedemptionRequest], price: Price) -> int:
    """Cents that some requests would take out of the growth fund today."""
    return sum(
        price.for_credit(row.left) if row.kind == Kind.CREDIT else row.left * price.per_unit
        for row in rows
    )


def _forecast(
    request: RedemptionRequest,
    rows: Sequence[RedemptionRequest],
    price: Price,
    allowed: Limit,
    at: datetime,
) -> date | None:
    measure = sum(
        row.left if row.kind == Kind.CREDIT else row.left * price.issue_price for row in rows
    )
    first, whole = allowed.budget.nominal, allowed.nominal
    stopped = suspension(request.pool, at) is not None or not price.per_unit
    if stopped or (measure > first and whole <= 0):
        return None
    months = 0 if measure <= first else -(-(measure - first) // whole)
    start = max(request.due_on, timezone.localtime(at).date()).replace(day=1)
    return None if months > LONGEST_FORECAST else _months_on(start, at, months)


def _months_on(start: date, at: datetime, months: int) -> date:
    today = timezone.localtime(at).date()
    number = today.year * 12 + today.month - 1 + months
    return max(start, date(number // 12, number % 12 + 1, 1))


def under_recovered(pool: Pool) -> dict[int, int]:
    """Cents of cost that a pool has not recovered yet, by the account that carries them."""
    rows = Balance.objects.filter(
        account__commodity__code=MONEY,
        account__kind="stabilisation",
        account__owner__startswith=f"{pool.code}/",
        amount__gt=0,
    ).order_by("account__owner")
    return dict(rows.values_list("account_id", "amount"))


def payable_of(member: Member) -> int:
    """Cents that the cooperative owes a member."""
    return -balance(MONEY, "payable", f"member/{member.pk}")


def leaving_of(member: Member) -> Leaving | None:
    """A member's way out that is under way, or None."""
    return Leaving.objects.filter(member=member, state=Leaving.State.UNDER_WAY).first()


def selldowns_of(member: Member) -> QuerySet[SellDown]:
    """A member's defaults with their steps, the newest first."""
    return SellDown.objects.filter(member=member).prefetch_related("steps").order_by("-pk")


def owes(member: Member) -> bool:
    """Whether a member has charges to pay, final ones or those of the running period."""
    kinds = ("receivable", "provisional_receivable")
    return any(balance(MONEY, kind, f"member/{member.pk}") > 0 for kind in kinds)


def unsettled(member: Member) -> list[str]:
    """What keeps a membership from ending: "shares", "credit", "charges", "payouts", "prepaid"."""
    shares = Balance.objects.filter(
        account__kind="holding", account__owner=f"member/{member.pk}", amount__gt=0
    )
    credit = Balance.objects.filter(
        account_id__in=CreditLot.objects.filter(member=member).values("account_id"), amount__lt=0
    )
    found = {
        "shares": shares.exists(),
        "credit": credit.exists(),
        "charges": owes(member),
        "payouts": payable_of(member) != 0,
        "prepaid": prepaid_balance(member.pk) != 0,
    }
    return [name for name, is_so in found.items() if is_so]
