"""Contributions in kind: what a decision valued becomes units of the giver, and an asset."""

from dataclasses import dataclass

from django.utils import timezone

from assets.accounts import holding_account, money_account, treasury_account
from assets.models import Asset, Pool
from assets.services import place_asset
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from policies.queries import policy
from titles.accounts import capital_account
from titles.errors import NotAMember
from titles.limits import room_for
from titles.models import Contribution, Title
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_member, lock_pool
from titles.services.lots import open_lots

SOURCE = "contribution"
WORK = "labour"


@dataclass(frozen=True)
class Gift:
    """What is given: hardware or labour (Contribution.Kind), what it is, its value in cents.

    `asset_kind`, `serial` and `place` say more of hardware.
    """

    kind: str
    what: str
    value: int
    asset_kind: str = ""
    serial: str = ""
    place: str = ""


@dataclass(frozen=True)
class Worth:
    """What a value becomes: units at a price, and cents of credit for what is left."""

    units: int
    price: int
    credit: int


def worth_of(*, pool: Pool, giver: Member, value: int, placed: bool) -> Worth:
    """What so many cents become: units within the giver's room, and credit for the rest.

    The units that the contribution itself creates count for the cap: `placed` says whether they
    are there already.
    """
    price: int = policy("issue_price", timezone.now(), pool.code)
    numerator, denominator = policy("holding_cap", timezone.now(), pool.code)
    new = value // price
    more = 0 if placed else new * numerator // denominator
    units = min(new, max(0, room_for(pool, giver) + more))
    return Worth(units, price, value - units * price)


def contribute(
    *, giver_id: int, pool: Pool, gift: Gift, actor: User | None, source: str
) -> Contribution:
    """Put what was given into the pool, and give the giver units, a title, and credit.

    The work of labour stands on the register of assets like a thing: it backs the units. Call
    inside a transaction. The same source gives the first result; raises KeyConflict where it was
    for something else, NotAMember.
    """
    pool, giver = lock_pool(pool), lock_member(giver_id)
    before = Contribution.objects.filter(source=source).first()
    if before is not None:
        return _same(before, giver, pool, gift)
    if giver.state != Member.State.ACTIVE:
        raise NotAMember(name=giver.name)
    asset = _placed(pool, gift, actor, source)
    worth = worth_of(pool=pool, giver=giver, value=gift.value, placed=True)
    txn_id = post(_posting(pool, giver, worth, gift, actor, source))
    return Contribution.objects.create(
        giver=giver,
        pool=pool,
        kind=gift.kind,
        what=gift.what,
        value=gift.value,
        units=worth.units,
        price=worth.price,
        credit=worth.credit,
        asset_id=asset.pk,
        title=_title(pool, giver, worth, txn_id),
        source=source,
        txn_id=txn_id,
    )


def _placed(pool: Pool, gift: Gift, actor: User | None, source: str) -> Asset:
    is_work = gift.kind == Contribution.Kind.LABOUR
    return place_asset(
        pool=pool,
        name=gift.what,
        kind=WORK if is_work else gift.asset_kind or "contribution",
        serial=gift.serial,
        place=gift.place,
        cost=gift.value,
        in_service=timezone.localdate(),
        paid_from="contribution",
        actor=actor,
        key=f"{SOURCE}:{source}",
    )


def _posting(
    pool: Pool, giver: Member, worth: Worth, gift: Gift, actor: User | None, source: str
) -> Posting:
    legs = [Leg(money_account("backing", pool), gift.value)]
    if worth.units:
        legs += [
            Leg(treasury_account(pool), -worth.units),
            Leg(holding_account(pool, giver.pk), worth.units),
            Leg(capital_account(pool, giver.pk), -worth.units * worth.price),
        ]
    if worth.credit:
        period = f"{timezone.localdate():%Y-%m}"
        lots = open_lots(pool=pool, member_ids=[giver.pk], period=period)
        legs.append(Leg(lots[giver.pk], -worth.credit))
    return Posting(
        source=SOURCE,
        key=source,
        kind="contribution valued",
        legs=merge(legs),
        about=source,
        actor=actor_name(actor),
        memo=gift.what,
    )


def _title(pool: Pool, giver: Member, worth: Worth, txn_id: int) -> Title | None:
    if not worth.units:
        return None
    grant = Grant(giver, worth.units, worth.units * worth.price)
    cause = Cause(Title.Origin.CONTRIBUTION, txn_id)
    return issue_titles(pool=pool, grants=[grant], cause=cause)[0]


def _same(before: Contribution, giver: Member, pool: Pool, gift: Gift) -> Contribution:
    told = (before.giver_id, before.pool_id, before.kind, before.what, before.value)
    if told != (giver.pk, pool.pk, gift.kind, gift.what, gift.value):
        raise KeyConflict
    return before
