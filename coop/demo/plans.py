"""What the demo's things cost over their life, and what its members plan to buy next."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from assets.depreciation import months_later
from assets.models import Asset, Bill, DepreciationPlan, Pool
from assets.services import enter_bill, plan_depreciation
from members.models import Member
from payments.models import Charge
from titles.models import Campaign
from titles.services import accept_payment, open_campaign, prepay

WEIGHTS = {
    "backbone": {"bandwidth": 1},
    "server": {"cpu": 1},
    "disk shelf": {"storage": 1},
}
BILLS = (
    ("backbone", "Ridge Power", "2291", 31_000, "Power of the mast and the school cabinet"),
    ("backbone", "Transit North", "T-0117", 41_000, "Transit, one month"),
    ("storage", "Ridge Power", "2292", 27_000, "Power of the storage room"),
)
GOAL = 180_000
PAID = (("dario", 40_000), ("chloe", 25_000), ("eva", 15_000))
PROMISED = ("ben", 20_000)
ABOUT = (
    "The farms on the far side of the hill see no mast. A second one at the barn would reach "
    "eleven houses, and give the ridge another way out when the first link is down."
)


def plan_ahead(people: Mapping[str, Member]) -> None:
    """Bills, depreciation from this month on, and a campaign; a second call changes nothing."""
    month = timezone.localdate().replace(day=1)
    if not Bill.objects.exists():
        enter_bills(month)
    if not DepreciationPlan.objects.exists():
        write_off(month)
    if not Campaign.objects.exists():
        plan_a_mast(people, timezone.localdate())


def enter_bills(month: date) -> None:
    """Last month's bills of the suppliers."""
    pools = {pool.code: pool for pool in Pool.objects.all()}
    for code, supplier, number, amount, note in BILLS:
        enter_bill(
            pool=pools[code],
            supplier=supplier,
            number=number,
            issued_on=month - timedelta(days=1),
            amount=amount,
            note=note,
            actor=None,
        )


def write_off(month: date) -> None:
    """Every thing that serves, over its useful life from this month on."""
    for asset in Asset.objects.filter(in_service__lte=month, ended_on=None, txn_id__isnull=False):
        weights = WEIGHTS.get(asset.pool.code) or WEIGHTS.get(asset.kind) or {"cpu": 1}
        plan_depreciation(
            asset=asset, weights=weights, since=month, source="demo purchase bill", actor=None
        )


def plan_a_mast(people: Mapping[str, Member], today: date) -> None:
    """A second mast for which some have paid ahead, and one has promised to."""
    campaign = open_campaign(
        pool=Pool.objects.get(code="backbone"),
        name="Barn mast",
        about=ABOUT,
        kind="mast",
        goal=GOAL,
        minimum=5_000,
        capacity={"bandwidth": 600_000},
        planned_on=months_later(today, 4),
        closes_on=months_later(today, 2),
        actor=None,
        key="demo:barn mast",
    )
    for name, amount in PAID:
        _pay(_promise(people[name], campaign, amount), today)
    _promise(people[PROMISED[0]], campaign, PROMISED[1])


def _promise(member: Member, campaign: Campaign, amount: int) -> Charge:
    made = prepay(
        member=member,
        campaign_id=campaign.pk,
        amount=amount,
        actor=member.user,
        key=f"demo:barn mast:{member.number}",
    )
    return made.charge


def _pay(charge: Charge, today: date) -> None:
    accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=today,
        actor=None,
        key=f"demo:{charge.reference}",
    )
