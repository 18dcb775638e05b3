"""Founding shares: units for those who brought the first assets."""

from django.db import transaction
from django.utils import timezone

from assets.accounts import holding_account, money_account, treasury_account
from assets.models import Pool
from assets.services import place_asset
from ledger.models import Transaction
from ledger.services import Leg, Posting, actor_name, post
from members.models import Member, User
from policies.queries import policy
from titles.accounts import capital_account
from titles.models import Title
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_member, lock_pool

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
    posting = _posting(member, pool, units, value, actor, key)
    cause = Cause(Title.Origin.FOUNDING, post(posting))
    return issue_titles(pool=pool, grants=[Grant(member, units, value)], cause=cause)[0]


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


def _posting(
    member: Member, pool: Pool, units: int, value: int, actor: User | None, key: str
) -> Posting:
    legs = [
        Leg(treasury_account(pool), -units),
        Leg(holding_account(pool, member.pk), units),
        Leg(money_account("backing", pool), value),
        Leg(capital_account(pool, member.pk), -value),
    ]
    return Posting(
        source=SOURCE,
        key=key,
        kind="founding units",
        legs=legs,
        about=f"pool:{pool.code}",
        actor=actor_name(actor),
    )
