"""Named reads of campaigns: what was promised, paid, and what is left to the goal, in cents."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.models import Balance
from members.models import Member
from payments.models import Charge
from titles.models import Campaign, CreditLot, Prepayment

MILLI = 1000
"""millitokens of a token"""
AHEAD = "c"
"""how the lots of campaigns begin: those of months begin with a digit"""


@dataclass(frozen=True)
class Progress:
    """How far a campaign is: cents and people."""

    campaign: Campaign
    paid: int
    promised: int
    payers: int

    @property
    def left(self) -> int:
        """Cents that nobody has paid or promised."""
        return max(0, self.campaign.goal - self.paid - self.promised)

    @property
    def is_open(self) -> bool:
        """Whether somebody can still pay ahead."""
        in_time = timezone.localdate() <= self.campaign.closes_on
        return self.campaign.state == Campaign.State.OPEN and in_time and self.left > 0


def campaigns() -> QuerySet[Campaign]:
    """Every campaign with its pool and what was bought, the open ones first."""
    rows = Campaign.objects.select_related("pool", "asset")
    return rows.order_by("ended_at", "-pk")


def progress_of(rows: QuerySet[Campaign]) -> list[Progress]:
    """How far each campaign is; one query beside that of the rows."""
    due = Q(prepayments__charge__due__gte=timezone.localdate())
    opened = Q(prepayments__charge__state=Charge.State.OPEN) & due
    paid = Q(prepayments__charge__state=Charge.State.PAID)
    counted = rows.annotate(
        paid=Sum("prepayments__amount", filter=paid, default=0),
        promised=Sum("prepayments__amount", filter=opened, default=0),
    )
    payers = payers_of([row.pk for row in counted])
    return [Progress(row, row.paid, row.promised, payers.get(row.pk, 0)) for row in counted]


def payers_of(campaign_ids: list[int]) -> dict[int, int]:
    """Members who paid ahead, by campaign."""
    rows = Prepayment.objects.filter(
        campaign_id__in=campaign_ids, charge__state=Charge.State.PAID
    ).values_list("campaign_id", "member_id")
    counts: dict[int, int] = {}
    for campaign_id, _member_id in rows.distinct():
        counts[campaign_id] = counts.get(campaign_id, 0) + 1
    return counts


def goal_left(campaign: Campaign) -> int:
    """Cents of the goal that nobody has paid or promised."""
    return progress_of(Campaign.objects.filter(pk=campaign.pk))[0].left


def prepayments_of(member: Member) -> QuerySet[Prepayment]:
    """What a member paid or promised for campaigns, the newest first."""
    rows = Prepayment.objects.filter(member=member)
    return rows.select_related("campaign__pool", "campaign__asset", "charge").order_by("-pk")


def lots_of(campaign: Campaign) -> QuerySet[CreditLot]:
    """The lots of credit that wait for a campaign's thing."""
    return CreditLot.objects.filter(pool=campaign.pool_id, period=campaign.lot_code)


def kept_for_campaigns(pool: Pool, *, but: Campaign | None = None) -> int:
    """Cents of a pool's growth fund that were paid ahead for something: they buy nothing else."""
    lots = CreditLot.objects.filter(pool=pool, period__startswith=AHEAD)
    if but is not None:
        lots = lots.exclude(period=but.lot_code)
    accounts = lots.values("account_id")
    total = Balance.objects.filter(account_id__in=accounts).aggregate(n=Sum("amount", default=0))
    return -int(total["n"])


def yields_of(campaign: Campaign) -> list[tuple[Resource, int]]:
    """What a planned thing will yield in a period: resources with whole tokens, rounded down."""
    found = Resource.objects.filter(code__in=campaign.capacity)
    return [(resource, campaign.capacity[resource.code] // MILLI) for resource in found]
