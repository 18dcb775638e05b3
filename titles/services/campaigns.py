"""Campaigns: money paid ahead for something planned, and what becomes of it."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from assets.accounts import money_account
from assets.models import Asset, Pool, Resource
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from payments.models import Charge, ChargeLine, Payment
from payments.services import Line, Receipt, cancel_charge, funding_of, mark_paid, raise_charge
from policies.queries import policy
from titles.campaigns import goal_left, lots_of
from titles.errors import (
    BelowCampaignMinimum,
    BeyondGoal,
    CampaignOver,
    NotAMember,
    WrongCapacity,
)
from titles.models import Campaign, Prepayment
from titles.queries import amounts_of
from titles.services.locks import lock_member, lock_pool
from titles.services.lots import open_lots

SOURCE = "titles.campaign"


@transaction.atomic(durable=True)
def open_campaign(
    *,
    pool: Pool,
    name: str,
    about: str,
    kind: str,
    goal: int,
    capacity: Mapping[str, int],
    planned_on: date,
    closes_on: date,
    actor: User | None,
    key: str,
    minimum: int = 1,
) -> Campaign:
    """Ask members to pay ahead for something planned; sums in cents, capacity in millitokens.

    The same key gives the first result. Raises WrongCapacity, KeyConflict.
    """
    known = set(Resource.objects.filter(code__in=capacity).values_list("code", flat=True))
    if known != set(capacity) or any(amount <= 0 for amount in capacity.values()):
        raise WrongCapacity
    campaign, made = Campaign.objects.get_or_create(
        key=key,
        defaults={
            "pool": pool,
            "name": name,
            "about": about,
            "kind": kind,
            "goal": goal,
            "minimum": minimum,
            "capacity": dict(capacity),
            "planned_on": planned_on,
            "closes_on": closes_on,
            "opened_by": actor,
        },
    )
    if not made and (campaign.pool_id, campaign.name, campaign.goal) != (pool.pk, name, goal):
        raise KeyConflict
    return campaign


@transaction.atomic(durable=True)
def prepay(
    *, member: Member, campaign_id: int, amount: int, actor: User | None, key: str
) -> Prepayment:
    """A charge over so many cents for a campaign; paid, it waits as credit for that thing alone.

    Never more than what the goal leaves, promises that are not due yet counted. The same key
    gives the first result. Raises NotAMember, CampaignOver, BelowCampaignMinimum, BeyondGoal,
    KeyConflict.
    """
    pool = lock_pool(Pool.objects.get(campaigns=campaign_id))
    # Two who promise the last of the goal, or two clicks of one, wait for each other at the pool.
    member, campaign = lock_member(member.pk), lock_campaign(campaign_id)
    before = Prepayment.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, campaign, amount)
    _require_possible(member, campaign, amount)
    return Prepayment.objects.create(
        campaign=campaign,
        member=member,
        amount=amount,
        charge=_charge(member, campaign, pool, amount),
        key=key,
    )


def _same(before: Prepayment, member: Member, campaign: Campaign, amount: int) -> Prepayment:
    if (before.member_id, before.campaign_id, before.amount) != (member.pk, campaign.pk, amount):
        raise KeyConflict
    return before


def _require_possible(member: Member, campaign: Campaign, amount: int) -> None:
    if member.state != Member.State.ACTIVE:
        raise NotAMember(name=member.name)
    if campaign.state != Campaign.State.OPEN or timezone.localdate() > campaign.closes_on:
        raise CampaignOver(name=campaign.name)
    left = goal_left(campaign)
    if amount < min(campaign.minimum, left):
        raise BelowCampaignMinimum(minimum=campaign.minimum)
    if not 0 < amount <= left:
        raise BeyondGoal(left=left)


def _charge(member: Member, campaign: Campaign, pool: Pool, amount: int) -> Charge:
    line = Line(
        kind=ChargeLine.Kind.PREPAID,
        fund=pool.code,
        quantity=1,
        rate=amount,
        cost=0,
        profit=amount,
    )
    days: int = policy("payment_days", timezone.now(), pool.code)
    return raise_charge(
        member=member,
        kind=Charge.Kind.CAMPAIGN,
        about=f"campaign:{campaign.pk}",
        lines=[line],
        due=timezone.localdate() + timedelta(days=days),
    )


def lock_campaign(campaign_id: int) -> Campaign:
    """The campaign as it is now, locked."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


@transaction.atomic(durable=True)
def cancel_prepayment(*, prepayment_id: int, actor: User | None) -> Prepayment:
    """Let go of a promise that was not paid; a second call changes nothing. Raises AlreadyPaid."""
    prepayment = Prepayment.objects.get(pk=prepayment_id)
    cancel_charge(charge_id=prepayment.charge_id, actor=actor)
    return prepayment


def pay_prepayment(receipt: Receipt, period: str, actor: User | None) -> Payment:
    """Book money for a campaign; the pool, the member and the charge are locked.

    Where the campaign ended before the money came, it becomes ordinary credit of the period.
    """
    prepayment = Prepayment.objects.select_related("campaign__pool").get(charge=receipt.charge)
    campaign = lock_campaign(prepayment.campaign_id)
    code = campaign.lot_code if campaign.state == Campaign.State.OPEN else period
    member_id = prepayment.member_id
    lots = open_lots(pool=campaign.pool, member_ids=[member_id], period=code)
    legs = [
        Leg(money_account("cash:growth", campaign.pool), prepayment.amount),
        Leg(lots[member_id], -prepayment.amount),
    ]
    txn_id = post(
        Posting(
            source=SOURCE,
            key=f"prepayment:{prepayment.pk}",
            kind="paid ahead",
            legs=merge([*legs, *funding_of(receipt)]),
            about=f"campaign:{campaign.pk}",
            actor=actor_name(actor),
            memo=receipt.charge.reference,
        )
    )
    return mark_paid(receipts=[(receipt, txn_id)], actor=actor)[0]


@transaction.atomic(durable=True)
def give_up_campaign(*, campaign_id: int, reason: str, actor: User | None) -> Campaign:
    """End a campaign without buying: what was paid becomes ordinary credit of this month.

    Promises that were not paid are cancelled. A second call changes nothing. Raises CampaignOver
    where it was bought.
    """
    pool = lock_pool(Pool.objects.get(campaigns=campaign_id))
    campaign = lock_campaign(campaign_id)
    if campaign.state == Campaign.State.CANCELLED:
        return campaign
    if campaign.state != Campaign.State.OPEN:
        raise CampaignOver(name=campaign.name)
    _cancel_promises(campaign, actor)
    release(campaign, pool, actor)
    return _end(campaign, Campaign.State.CANCELLED, reason=reason)


def complete_campaign(campaign: Campaign, asset: Asset, actor: User | None) -> Campaign:
    """End a campaign whose thing was bought; its credit was served, the rest is ordinary credit.

    Call inside a transaction with pool and campaign locked.
    """
    _cancel_promises(campaign, actor)
    release(campaign, asset.pool, actor)
    return _end(campaign, Campaign.State.BOUGHT, asset=asset)


def _cancel_promises(campaign: Campaign, actor: User | None) -> None:
    promised = Prepayment.objects.filter(campaign=campaign, charge__state=Charge.State.OPEN)
    for charge_id in promised.order_by("charge_id").values_list("charge_id", flat=True):
        cancel_charge(charge_id=charge_id, actor=actor)


def release(campaign: Campaign, pool: Pool, actor: User | None) -> int | None:
    """Move what is left in a campaign's lots into the ordinary lots of this month."""
    lots = list(lots_of(campaign))
    left = amounts_of([lot.account_id for lot in lots])
    holders = {lot.member_id: lot.account_id for lot in lots if left[lot.account_id]}
    if not holders:
        return None
    month = f"{timezone.localdate():%Y-%m}"
    ordinary = open_lots(pool=pool, member_ids=list(holders), period=month)
    legs = []
    for member_id, account in holders.items():
        legs += [Leg(account, -left[account]), Leg(ordinary[member_id], left[account])]
    return post(
        Posting(
            source=SOURCE,
            key=f"release:{campaign.pk}",
            kind="paid ahead, released",
            legs=legs,
            about=f"campaign:{campaign.pk}",
            actor=actor_name(actor),
        )
    )


def _end(
    campaign: Campaign, state: str, *, asset: Asset | None = None, reason: str = ""
) -> Campaign:
    campaign.state, campaign.asset, campaign.reason = state, asset, reason
    campaign.ended_at = timezone.now()
    campaign.save(update_fields=["state", "asset", "reason", "ended_at"])
    return campaign
