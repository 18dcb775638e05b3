"""Building the demo cooperative: founding, three months of history, an open period."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from assets.models import Pool, Resource
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from coop.demo import cast, things
from coop.demo.bank import tell_of_the_bank
from coop.demo.books import hand_on
from coop.demo.exits import ask_back
from coop.demo.fleet import run_a_fleet
from coop.demo.identity import sign_and_vouch
from coop.demo.late import come_late
from coop.demo.market import hold_auctions, lower_a_price
from coop.demo.members import furnish_the_register
from coop.demo.moves import offer_some
from coop.demo.payouts import pay_out
from coop.demo.plans import plan_ahead
from coop.demo.votes import put_to_the_vote
from members.bylaws import VERSION
from members.models import Cooperative, Member, User
from members.services import apply, enrol_member, found_cooperative, grant_role, register_user
from policies.services import set_policy
from titles.services import issue_founding_units, settle_charges
from tokens.calendar import month_start, next_code, next_end
from tokens.models import Period
from tokens.services import UsageRow, offer_surplus, open_period, record_usage, run_step

REASON = "Demonstration figures, typed in and not metered"
BEFORE_PAYING, AFTER_PAYING = ("settle", "match", "charge"), ("expire", "convert")


def is_built() -> bool:
    """Whether this site has a cooperative already."""
    return Cooperative.objects.exists() and Period.objects.exclude(state="closed").exists()


def build() -> None:
    """Make whatever of the demo is not there yet; a second call changes nothing."""
    found_cooperative(
        name=cast.NAME,
        legal_name=f"{cast.NAME} SCCL",
        currency=settings.COOP_CURRENCY,
        timezone=settings.TIME_ZONE,
        iban=cast.IBAN,
        is_demo=True,
    )
    months = history_starts(timezone.now())
    place_things(months[0])
    people = admit_people()
    furnish_the_register(people)
    hand_out_founding_units(people)
    things.furnish(people, timezone.localtime(months[0]).date())
    for start, used in zip(months, cast.USED, strict=True):
        play_month(start, used, people)
    start = month_start(timezone.now())
    lower_a_price(start)
    if not Period.objects.filter(start=start).exists():
        open_period(start=start, end=next_end(start), code=next_code(start), actor=None)
    pay_out(people)
    tell_of_the_bank(people)
    plan_ahead(people)
    ask_back(people)
    offer_some(people)
    hold_auctions(people)
    hand_on(people)
    come_late(people)
    sign_and_vouch(people)
    run_a_fleet()
    put_to_the_vote(people)


def history_starts(now: datetime) -> list[datetime]:
    """The first moments of the months of history, oldest first, up to last month."""
    start = month_start(now)
    local = timezone.localtime(start)
    numbers = [local.year * 12 + local.month - 1 - back for back in range(len(cast.USED), 0, -1)]
    return [timezone.make_aware(datetime(n // 12, n % 12 + 1, 1)) for n in numbers]


def place_things(since: datetime) -> None:
    """Resources, pools, policies, assets and costs."""
    day = timezone.localtime(since).date()
    for code, name, unit, position in cast.RESOURCES:
        create_resource(code=code, name=name, unit=unit, position=position)
    pools = {c: create_pool(code=c, name=n, about=a, actor=None) for c, n, a in cast.POOLS}
    agree(since)
    for thing in cast.THINGS:
        place_asset(
            pool=pools[thing.pool],
            name=thing.name,
            kind=thing.kind,
            serial=thing.serial,
            place=thing.place,
            cost=thing.cost,
            in_service=day,
            paid_from="grant",
            capacity=thing.capacity,
            actor=None,
            key=f"demo:{thing.serial}",
        )
    for code, name, amount, weights in cast.COSTS:
        if not pools[code].cost_lines.filter(name=name).exists():
            add_cost_line(
                pool=pools[code],
                name=name,
                amount=amount,
                weights=weights,
                since=day,
                source="demo bill",
                actor=None,
            )


def agree(since: datetime) -> None:
    """The demo's policies, in force from its beginning."""
    if Pool.objects.filter(assets__isnull=False).exists():
        return
    for scope, price in cast.PRICES.items():
        set_policy(
            actor=None,
            key="posted_price",
            scope=scope,
            value=price,
            valid_from=since,
            source="founding",
        )
    for key, value in cast.POLICIES.items():
        set_policy(actor=None, key=key, value=value, valid_from=since, source="founding")
    for scope in cast.UNHURRIED:
        set_policy(
            actor=None,
            key="voting_seconds",
            scope=scope,
            value=cast.LONGER,
            valid_from=since,
            source="founding",
        )


def admit_people() -> dict[str, Member]:
    """The demo's members by first name; one more has applied and waits."""
    people = {person.email.split("@")[0]: admitted(person) for person in cast.PEOPLE}
    waiting = user_of(cast.APPLICANT)
    if not Member.objects.filter(user=waiting).exists():
        apply(
            user=waiting,
            name=cast.APPLICANT.name,
            kind=Member.Kind.PERSON,
            address="Mill lane 7",
            bylaws_version=VERSION,
            consents_to_conversion=True,
            actor=waiting,
        )
    return people


def admitted(person: cast.Person) -> Member:
    """The member that this person is."""
    user = user_of(person)
    member = Member.objects.filter(user=user).first()
    if member is None:
        member = enrol_member(name=person.name, actor=None, user=user)
    if person.steward and not user.roles.filter(name="steward").exists():
        grant_role(user=user, name="steward", actor=None, source="founding")
    return member


def user_of(person: cast.Person) -> User:
    """The user that this person logs in as."""
    found = User.objects.filter(email=person.email).first()
    return found or register_user(
        email=person.email, password=cast.PASSWORD, language=person.language
    )


def hand_out_founding_units(people: dict[str, Member]) -> None:
    """What the founders own of each pool, with their titles."""
    for person in cast.PEOPLE:
        member = people[person.email.split("@")[0]]
        for code, units in (("backbone", person.backbone), ("storage", person.storage)):
            if units:
                issue_founding_units(
                    member=member,
                    pool=Pool.objects.get(code=code),
                    units=units,
                    actor=None,
                    key=f"demo:{code}:{member.number}",
                    from_treasury=True,
                )


def play_month(
    start: datetime, used: dict[str, tuple[int, int, int]], people: dict[str, Member]
) -> None:
    """Open, use, close and pay one past month."""
    if Period.objects.filter(start__gt=start).exists():
        return
    end = next_end(start)
    period = Period.objects.filter(start=start).first() or open_period(
        start=start, end=end, code=next_code(start), actor=None, at=start
    )
    if period.state == Period.State.CLOSED:
        return
    if period.state == Period.State.OPEN:
        record_usage(rows=usage_rows(period, used, people), actor=None)
        offer_once(people["ben"])
    for step in BEFORE_PAYING:
        run_step(period_id=period.pk, step=step, actor=None, at=end)
    settle_charges(period_code=period.code, actor=None)
    for step in AFTER_PAYING:
        run_step(period_id=period.pk, step=step, actor=None, at=end)


def usage_rows(
    period: Period, used: dict[str, tuple[int, int, int]], people: dict[str, Member]
) -> list[UsageRow]:
    """The month's usage as the demo has it."""
    resources = {r.code: r.pk for r in Resource.objects.all()}
    places = (("backbone", "bandwidth"), ("storage", "storage"), ("storage", "cpu"))
    pools = {p.code: p.pk for p in Pool.objects.all()}
    return [
        UsageRow(
            member_id=people[name].pk,
            pool_id=pools[pool],
            resource_id=resources[resource],
            used_at=period.start,
            amount=amount * 1000,
            key=f"demo:{period.code}:{name}:{resource}",
            kind="correction",
            reason=REASON,
        )
        for name, amounts in used.items()
        for (pool, resource), amount in zip(places, amounts, strict=True)
        if amount
    ]


def offer_once(member: Member) -> None:
    """Ben sells what he has left, every period."""
    if not member.offers.exists():
        offer_surplus(
            member=member,
            pool=Pool.objects.get(code="backbone"),
            resource=Resource.objects.get(code="bandwidth"),
            amount=None,
            standing=True,
            actor=member.user,
        )
