"""Today's real state as a scenario: who owns what, what it costs, and who uses how much.

Members are their numbers, nobody is named. Those with neither shares nor use nor an offer are
left out. What a scenario cannot say is named by `left_out`, so that the page can say it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from assets.models import Pool as PoolRow
from assets.models import Resource
from assets.queries import capacity_at, cost_at, pools, resources_of, treasury_units
from coop.scenarios.errors import Place
from coop.scenarios.fields import CODE
from coop.scenarios.shapes import (
    ByPool,
    ByResource,
    Member,
    Offer,
    Period,
    Pool,
    Scenario,
    Usage,
    Vesting,
    month_after,
)
from coop.simulations.errors import TooManyMembers
from ledger.models import Balance
from members.models import LinkedMembers
from members.models import Member as MemberRow
from policies.queries import in_force, policy
from policies.registry import PARAMETERS
from titles.queries import holdings, open_reservations
from tokens.models import Book, Settlement, Yield
from tokens.models import Offer as OfferRow
from tokens.models import Period as PeriodRow
from tokens.models import Usage as UsageRow

HERE = Place(1, "today")
ALWAYS_LEFT_OUT = ("tokens_taken_out", "private_rules")
NOT_CARRIED = {
    "credit": ("equity_credit",),
    "carried": ("stabilisation",),
    "funds": ("cash:growth", "cash:reserve", "vacancy"),
}
"""what a scenario begins without, by the kinds of account that hold it"""

OF_A_BOOK = ("member", "yields__pool__code", "yields__resource__code")
OF_BOOK = ("book__member", "book__yields__pool__code", "book__yields__resource__code")
Amounts = dict[tuple[int, str, str], int]


@dataclass(frozen=True)
class Today:
    """The scenario of today, and codes of what it leaves out."""

    scenario: Scenario
    left_out: tuple[str, ...]


def today(at: datetime | None = None, *, most: int | None = None) -> Today:
    """The state at a moment's policies as one month; nothing is written.

    Raises TooManyMembers where more than `most` would take part.
    """
    moment = at or timezone.now()
    rows = list(pools())
    found = tuple(pool_of(row, moment) for row in rows)
    last = PeriodRow.objects.order_by("-start").first()
    closed = PeriodRow.objects.filter(state=PeriodRow.State.CLOSED).order_by("-start").first()
    used, offered = usage_in(closed or last), offers_in(last, closed)
    units = {row.code: holdings(row) for row in rows}
    members = members_of(units, used, offered, most)
    scenario = Scenario(
        currency=settings.COOP_CURRENCY,
        timezone=timezone.get_current_timezone_name(),
        pools=found,
        members=tuple(members.values()),
        periods=(month_of(moment, last, rows, found, used, offered, members),),
    )
    return Today(scenario, tuple(left_out(closed)))


def pool_of(row: PoolRow, at: datetime) -> Pool:
    """A pool as it stands, at its normal capacity."""
    day = timezone.localtime(at).date()
    costs = cost_at(row, day)
    resources = [resource for resource in resources_of(row) if CODE.fullmatch(resource.code)]
    vesting: Vesting = policy("vesting", at, row.code)
    over, under = policy("holding_cap", at, row.code)
    return Pool(
        at=HERE,
        code=row.code,
        issue_price=policy("issue_price", at, row.code),
        vesting=vesting,
        treasury=treasury_units(row),
        cap=(over, under),
        resources=tuple(resource.code for resource in resources),
        capacity={one.code: capacity_at(row, one, day)[1] for one in resources},
        cost={one.code: costs.get(one.code, 0) for one in resources},
        posted_price={one.code: posted_price(row, one, at) for one in resources},
    )


def posted_price(pool: PoolRow, resource: Resource, at: datetime) -> int:
    """The price that holds: the posted one, or where a rule finds it, what it found last."""
    scopes = (f"{pool.code}:{resource.code}", pool.code)
    ruled = "price_rule" in PARAMETERS and policy("price_rule", at, *scopes) != "stewards"
    if ruled:
        last = Yield.objects.filter(pool=pool, resource=resource).order_by("-period__start")
        if (price := last.values_list("price", flat=True).first()) is not None:
            return price
    row = in_force("posted_price", at, *scopes)
    return 0 if row is None else int(row.value)


def usage_in(period: PeriodRow | None) -> Amounts:
    """Millitokens by member, pool and resource: as settled, or so far where nothing is closed."""
    if period is None:
        return {}
    if period.state == PeriodRow.State.CLOSED:
        settled = Settlement.objects.filter(book__yields__period=period, used__gt=0)
        return by_place(settled.values_list(*OF_BOOK, "used"))
    so_far = UsageRow.objects.filter(book__yields__period=period).order_by()
    return by_place(so_far.values_list(*OF_BOOK).annotate(n=Sum("amount")).filter(n__gt=0))


def by_place(rows: Iterable[tuple[int, str, str, int]]) -> Amounts:
    return {(member, pool, resource): amount for member, pool, resource, amount in rows}


def offers_in(last: PeriodRow | None, closed: PeriodRow | None) -> Amounts:
    """Millitokens offered: standing, and for the period that runs; without a limit all issued."""
    running = None if last == closed else last
    held = OfferRow.objects.filter(Q(period=None) | Q(period=running), withdrawn_at=None)
    books = Book.objects.filter(yields__period=last, member__in=held.values("member"))
    issued = by_place(books.values_list(*OF_A_BOOK, "issued"))
    found: Amounts = {}
    rows = held.order_by("pk").values_list("member", "pool__code", "resource__code", "amount")
    for member, pool, resource, amount in rows:
        place = member, pool, resource
        whole = issued.get(place, 0) if amount is None else amount
        found[place] = found.get(place, 0) + whole
    return {place: amount for place, amount in found.items() if amount}


def members_of(
    units: Mapping[str, Mapping[int, int]], used: Amounts, offered: Amounts, most: int | None
) -> dict[int, Member]:
    """Whoever holds, uses or offers something, by id, in the order of their numbers.

    Raises TooManyMembers.
    """
    ids = {member for held in units.values() for member in held}
    ids |= {member for member, _pool, _resource in (*used, *offered)}
    if most is not None and len(ids) > most:
        raise TooManyMembers(number=len(ids), most=most)
    rows = MemberRow.objects.filter(pk__in=ids, number__isnull=False).order_by("number")
    return {
        pk: Member(
            at=HERE,
            name=str(number),
            units={code: held[pk] for code, held in units.items() if pk in held},
            convert=convert,
        )
        for pk, number, convert in rows.values_list("pk", "number", "consents_to_conversion")
    }


def month_of(
    at: datetime,
    last: PeriodRow | None,
    rows: list[PoolRow],
    found: tuple[Pool, ...],
    used: Amounts,
    offered: Amounts,
    members: Mapping[int, Member],
) -> Period:
    """The month that runs, or the one after the last that was closed, with last month's use."""
    there = {(pool.code, resource) for pool in found for resource in pool.resources}
    return Period(
        at=HERE,
        month=first_month(at, last),
        repeat=1,
        acquire=(),
        buy=(),
        give=(),
        auctions=(),
        offers=tuple(Offer(HERE, *entry) for entry in entries(offered, members, there)),
        usage=tuple(Usage(HERE, *entry) for entry in entries(used, members, there)),
        capacity=capacity_now(at, rows, found),
        cost={},
        actual_cost={},
        posted_price={},
    )


def first_month(at: datetime, last: PeriodRow | None) -> str:
    if last is None:
        return f"{timezone.localtime(at):%Y-%m}"
    month = f"{timezone.localtime(last.start):%Y-%m}"
    return month_after(month, 1) if last.state == PeriodRow.State.CLOSED else month


def entries(
    amounts: Amounts, members: Mapping[int, Member], there: set[tuple[str, str]]
) -> Iterator[tuple[str, str, str, int]]:
    """(member, pool, resource, amount) in the order of the members, the yields' own order kept."""
    order = {pk: place for place, pk in enumerate(members)}
    for (pk, pool, resource), amount in sorted(
        amounts.items(), key=lambda item: (order.get(item[0][0], -1), item[0][1:])
    ):
        if pk in members and (pool, resource) in there:
            yield members[pk].name, pool, resource, amount


def capacity_now(at: datetime, rows: list[PoolRow], found: tuple[Pool, ...]) -> ByPool:
    """What can be issued where it is not the normal capacity: an outage goes on."""
    day = timezone.localtime(at).date()
    by_code = {row.code: row for row in rows}
    resources = {one.code: one for one in Resource.objects.all()}
    now: dict[str, ByResource] = {
        pool.code: {
            code: capacity
            for code in pool.resources
            if (capacity := capacity_at(by_code[pool.code], resources[code], day)[0])
            != pool.capacity[code]
        }
        for pool in found
    }
    return {code: row for code, row in now.items() if row}


def left_out(closed: PeriodRow | None) -> Iterator[str]:
    """Codes of what today has and the scenario does not."""
    for code, kinds in NOT_CARRIED.items():
        if Balance.objects.filter(account__kind__in=kinds).exclude(amount=0).exists():
            yield code
    if LinkedMembers.objects.filter(ended_at=None).exists():
        yield "linked"
    if any(open_reservations(pool).exists() for pool in pools()):
        yield "reservations"
    if closed is None:
        yield "use_so_far"
    yield from ALWAYS_LEFT_OUT
