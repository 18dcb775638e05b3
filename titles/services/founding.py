"""Founding shares: units for those who brought the first assets."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from assets.accounts import holding_account, money_account, treasury_account
from assets.models import Pool
from assets.services import place_asset
from ledger.models import Transaction
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from policies.queries import policy
from titles.accounts import capital_account
from titles.models import Title
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_member, lock_members, lock_pool

SOURCE = "founding"


@transaction.atomic
def issue_founding_units(
    *,
    member: Member,
    pool: Pool,
    units: int,
    actor: User | None,
    key: str,
    from_treasury: bool = False,
) -> Title:
    """Units and a title for a founder, against an asset worth as much at the issue price.

    The founder's contribution is placed as an asset of its own, unless `from_treasury` says that
    the founders' assets stand in the pool already. The holding cap is not asked: whoever comes
    first holds all of a pool there is; it binds their later purchases and conversions. The same
    key gives the first result.
    """
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = Transaction.objects.filter(source=SOURCE, key=key).first()
    if before is not None:
        return Title.objects.get(txn_id=before.pk)
    value = units * policy("issue_price", timezone.now(), pool.code)
    if not from_treasury:
        _place_contribution(member, pool, value, actor, key)
    posting = _posting(_legs(member, pool, units, value), pool, actor, key)
    cause = Cause(Title.Origin.FOUNDING, post(posting))
    return issue_titles(pool=pool, grants=[Grant(member, units, value)], cause=cause)[0]


@transaction.atomic
def issue_founding_units_to_many(
    *, pool: Pool, units: Mapping[int, int], actor: User | None, key: str
) -> list[Title]:
    """Units from the treasury and a title for each founder, by member id, in one transaction.

    For simulations: as `issue_founding_units` from the treasury, for all of a pool at once. The
    same key gives the first result.
    """
    pool = lock_pool(pool)
    members = lock_members(Member.objects.filter(pk__in=units))
    before = Transaction.objects.filter(source=SOURCE, key=key).first()
    if before is not None:
        return list(Title.objects.filter(txn_id=before.pk).order_by("number"))
    price = policy("issue_price", timezone.now(), pool.code)
    legs = [
        leg
        for member in members
        for leg in _legs(member, pool, units[member.pk], units[member.pk] * price)
    ]
    cause = Cause(Title.Origin.FOUNDING, post(_posting(merge(legs), pool, actor, key)))
    grants = [Grant(one, units[one.pk], units[one.pk] * price) for one in members]
    return issue_titles(pool=pool, grants=grants, cause=cause)


def _place_contribution(
    member: Member, pool: Pool, value: int, actor: User | None, key: str
) -> None:
    place_asset(
        pool=pool,
        name=f"Founding contribution of member {member.number}",
        kind="contribution",
        cost=value,
        in_service=timezone.localdate(),
        paid_from="founders",
        actor=actor,
        key=f"{SOURCE}:{key}",
    )


def _legs(member: Member, pool: Pool, units: int, value: int) -> list[Leg]:
    return [
        Leg(treasury_account(pool), -units),
        Leg(holding_account(pool, member.pk), units),
        Leg(money_account("backing", pool), value),
        Leg(capital_account(pool, member.pk), -value),
    ]


def _posting(legs: list[Leg], pool: Pool, actor: User | None, key: str) -> Posting:
    return Posting(
        source=SOURCE,
        key=key,
        kind="founding units",
        legs=legs,
        about=f"pool:{pool.code}",
        actor=actor_name(actor),
    )
