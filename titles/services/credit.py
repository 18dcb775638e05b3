"""Equity credit becomes units: after a close, and after an acquisition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from assets.accounts import money_account, treasury_account
from assets.models import Asset, Pool
from assets.queries import treasury_units
from assets.services import Details, place_asset
from ledger.errors import KeyConflict
from ledger.models import Transaction
from ledger.queries import balance_of
from ledger.services import Leg, Posting, actor_name, post
from members.models import Member, User
from payments.accounts import money_accounts
from policies.queries import policy
from titles.accounts import capital_name, holding_accounts
from titles.campaigns import AHEAD, kept_for_campaigns, lots_of
from titles.conversion import Claimant, convert, draw
from titles.errors import CampaignOver, KeptForCampaigns
from titles.exit_queries import owed_out
from titles.limits import rooms_for
from titles.models import Campaign, Conversion, ConversionShare, CreditLot, Title
from titles.queries import amounts_of, holding_cap
from titles.services.campaigns import complete_campaign, lock_campaign
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_members, lock_pool

SOURCE = "conversion"
ASSET_SOURCE = "asset"


@dataclass(frozen=True)
class Award:
    """Units for one member, and the credit of each lot account that pays for them."""

    member: Member
    units: int
    drawn: Mapping[int, int]


def convert_credit(
    *,
    pool: Pool,
    period_code: str,
    actor: User | None,
    key: str,
    only_units: int | None = None,
    campaign: Campaign | None = None,
) -> Conversion | None:
    """Turn equity credit into treasury units, oldest credit first (economics, section 8).

    None where nothing was converted; nothing is under the policy `on_acquisition` unless
    `only_units` names how many units an acquisition has just created. Only credit of active
    members who consent; what was paid ahead for a `campaign` is turned into what that campaign
    bought, and into nothing else. Call inside a transaction; the same key gives the first result.
    """
    pool = lock_pool(pool)
    before = Conversion.objects.filter(key=key).first()
    if before is not None:
        return _same(before, pool)
    if only_units is None and vests_on_acquisition(pool):
        return None
    price: int = policy("issue_price", timezone.now(), pool.code)
    awards = _awards(pool, price, _available(pool, only_units), campaign)
    if not awards:
        return None
    origin = Title.Origin.CAMPAIGN if campaign else Title.Origin.CONVERSION
    return _book(pool, awards, price, period_code, actor, key, origin)


def vests_on_acquisition(pool: Pool) -> bool:
    """Whether credit waits for units that an acquisition creates."""
    return bool(policy("vesting", timezone.now(), pool.code) == "on_acquisition")


@transaction.atomic
def acquire(
    *,
    pool: Pool,
    name: str,
    cost: int,
    capacity: Mapping[str, int],
    since: date,
    actor: User | None,
    key: str,
    kind: str = "acquisition",
    campaign_id: int | None = None,
) -> Asset:
    """The growth fund buys an asset; the new units serve equity credit, the rest is treasury.

    `capacity` is millitokens per period by resource code, from `since` on. What was paid ahead
    for a campaign is served first from what the campaign buys; other campaigns' money is not
    touched. The same key gives the first result and converts nothing more. Raises
    GrowthFundTooSmall, KeptForCampaigns, CampaignOver.
    """
    pool = lock_pool(pool)
    repeated = Transaction.objects.filter(source=ASSET_SOURCE, key=key).exists()
    campaign = None if campaign_id is None else lock_campaign(campaign_id)
    if not repeated:
        _require_free(pool, cost, campaign)
    details = Details(name=name, kind=kind, cost=cost, in_service=since, paid_from="growth")
    asset = place_asset(pool=pool, capacity=capacity, actor=actor, key=key, **details)
    if not repeated:
        if campaign is not None:
            _serve_campaign(campaign, asset, actor, key)
        _serve(asset, actor, key)
    return asset


def _require_free(pool: Pool, cost: int, campaign: Campaign | None) -> None:
    """The growth fund holds the cost without what was paid ahead for other things."""
    if campaign is not None and campaign.state != Campaign.State.OPEN:
        raise CampaignOver(name=campaign.name)
    held, kept = (
        balance_of(money_account("cash:growth", pool)),
        kept_for_campaigns(pool, but=campaign) + owed_out(pool),
    )
    if held - kept < cost <= held:
        raise KeptForCampaigns(held=held, kept=kept, cost=cost)


def _serve_campaign(campaign: Campaign, asset: Asset, actor: User | None, key: str) -> None:
    """Let what was paid ahead buy what it was paid for; the rest of it is ordinary credit."""
    convert_credit(
        pool=asset.pool,
        period_code=f"{asset.in_service:%Y-%m}",
        actor=actor,
        key=f"campaign:{key}",
        only_units=asset.units_created,
        campaign=campaign,
    )
    complete_campaign(campaign, asset, actor)


def _serve(asset: Asset, actor: User | None, key: str) -> None:
    """Let credit buy what an acquisition brought, and what is left of it."""
    left = asset.units_created - sum(
        Conversion.objects.filter(key=f"campaign:{key}").values_list("units", flat=True)
    )
    only = left if vests_on_acquisition(asset.pool) else None
    convert_credit(
        pool=asset.pool,
        period_code=f"{asset.in_service:%Y-%m}",
        actor=actor,
        key=f"acquisition:{key}",
        only_units=only,
    )


def _same(before: Conversion, pool: Pool) -> Conversion:
    if before.pool_id != pool.pk:
        raise KeyConflict
    return before


def _available(pool: Pool, only_units: int | None) -> int:
    there = treasury_units(pool)
    return there if only_units is None else min(there, only_units)


def _awards(pool: Pool, price: int, available: int, campaign: Campaign | None) -> list[Award]:
    holders = _consenting(pool) if campaign is None else _payers(campaign)
    members = {m.number: m for m in holders if m.number is not None}
    lots = _lots_left(pool, [member.pk for member in members.values()], campaign)
    rooms, cap = _rooms(pool, list(members.values()), lots), holding_cap(pool)
    claimants = [
        Claimant(number, cap - rooms[m.pk], tuple(_codes(lots.get(m.pk, []))))
        for number, m in members.items()
    ]
    given = convert(claimants, price=price, cap=cap, available=available)
    return [
        Award(members[n], units, _drawn(lots[members[n].pk], units * price))
        for n, units in sorted(given.items())
    ]


def _rooms(
    pool: Pool, members: Sequence[Member], lots: Mapping[int, Sequence[tuple[CreditLot, int]]]
) -> dict[int, int]:
    """What the cap leaves each: pending units count, and linked members share one room."""
    ids = [member.pk for member in members]
    return rooms_for(pool, ids, [sum(left for _lot, left in lots.get(pk, [])) for pk in ids])


def _consenting(pool: Pool) -> list[Member]:
    wanted = Member.objects.filter(
        state=Member.State.ACTIVE, consents_to_conversion=True, credit_lots__pool=pool
    )
    locked = lock_members(wanted)
    # Consent may have been withdrawn while we waited for the lock.
    return [m for m in locked if m.consents_to_conversion and m.state == Member.State.ACTIVE]


def _payers(campaign: Campaign) -> list[Member]:
    """Active members who paid ahead: to pay for something to own is the consent to own it."""
    wanted = Member.objects.filter(credit_lots__in=lots_of(campaign))
    return [m for m in lock_members(wanted) if m.state == Member.State.ACTIVE]


def _lots_left(
    pool: Pool, member_ids: Sequence[int], campaign: Campaign | None
) -> dict[int, list[tuple[CreditLot, int]]]:
    found = CreditLot.objects.filter(pool=pool, member_id__in=member_ids).order_by("period")
    if campaign is None:
        found = found.exclude(period__startswith=AHEAD)
    else:
        found = found.filter(period=campaign.lot_code)
    amounts = amounts_of([lot.account_id for lot in found])
    lots: dict[int, list[tuple[CreditLot, int]]] = {}
    for lot in found:
        if amounts[lot.account_id] < 0:
            lots.setdefault(lot.member_id, []).append((lot, -amounts[lot.account_id]))
    return lots


def _codes(lots: Sequence[tuple[CreditLot, int]]) -> list[tuple[str, int]]:
    return [(lot.period, left) for lot, left in lots]


def _drawn(lots: Sequence[tuple[CreditLot, int]], cents: int) -> dict[int, int]:
    accounts = {lot.period: lot.account_id for lot, _left in lots}
    return {accounts[code]: part for code, part in draw(_codes(lots), cents).items()}


def _book(
    pool: Pool,
    awards: Sequence[Award],
    price: int,
    period: str,
    actor: User | None,
    key: str,
    origin: str,
) -> Conversion:
    txn_id = post(
        Posting(
            source=SOURCE,
            key=key,
            kind="credit converted",
            legs=_legs(pool, awards, price),
            about=f"period:{period}",
            actor=actor_name(actor),
        )
    )
    conversion = Conversion.objects.create(
        pool=pool,
        key=key,
        period=period,
        price=price,
        units=sum(award.units for award in awards),
        txn_id=txn_id,
    )
    _sign(conversion, awards, origin)
    return conversion


def _legs(pool: Pool, awards: Sequence[Award], price: int) -> list[Leg]:
    capital = money_accounts(capital_name(pool, award.member.pk) for award in awards)
    holding = holding_accounts(pool, [award.member.pk for award in awards])
    legs = [Leg(treasury_account(pool), -sum(award.units for award in awards))]
    for award in awards:
        legs.append(Leg(holding[award.member.pk], award.units))
        legs.append(Leg(capital[capital_name(pool, award.member.pk)], -award.units * price))
        legs += [Leg(account, part) for account, part in award.drawn.items()]
    return legs


def _sign(conversion: Conversion, awards: Sequence[Award], origin: str) -> None:
    cause = Cause(origin, conversion.txn_id)
    grants = [Grant(award.member, award.units, award.units * conversion.price) for award in awards]
    titles = issue_titles(pool=conversion.pool, grants=grants, cause=cause)
    ConversionShare.objects.bulk_create(
        ConversionShare(conversion=conversion, member=title.member, units=title.units, title=title)
        for title in titles
    )
