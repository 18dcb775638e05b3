"""Named reads of offices: who holds which, who may stand, how far a petition is."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from governance.counting import Threshold
from governance.models import Emergency, LostPower, Petition, Proposal, Term
from members.models import Member, Role, User
from members.queries import current_roles, roles_in_term
from policies.queries import policy

STEWARD, AUDITOR = Term.Office.STEWARD, Term.Office.AUDITOR
OFFICES = (STEWARD, AUDITOR)
ELECTED_BY = {STEWARD: "elect_stewards", AUDITOR: "elect_auditors"}
RECALLED_BY = {STEWARD: "recall_steward", AUDITOR: "recall_auditor"}
RUNNING = (
    Proposal.State.DRAFT,
    Proposal.State.NOTICE,
    Proposal.State.OPEN,
    Proposal.State.COUNTING,
    Proposal.State.HELD,
    Proposal.State.TIMELOCKED,
)
SIGNED = """
WITH holders AS (
  SELECT a.owner FROM ledger_account a
  JOIN ledger_commodity c ON c.id = a.commodity_id AND c.kind = 'unit'
  JOIN ledger_balance b ON b.account_id = a.id
  WHERE a.kind = 'holding' GROUP BY a.owner HAVING sum(b.amount) > 0
), active AS (
  SELECT m.id, h.owner IS NOT NULL AS owns
  FROM members_member m LEFT JOIN holders h ON h.owner = 'member/' || m.id
  WHERE m.state = 'active'
), whole AS (SELECT count(*) AS users, count(*) FILTER (WHERE owns) AS owners FROM active)
SELECT p.id, count(a.id), whole.users, count(a.id) FILTER (WHERE a.owns), whole.owners
FROM whole CROSS JOIN unnest(%s::bigint[]) AS p(id)
LEFT JOIN governance_petitionsignature s ON s.petition_id = p.id AND s.withdrawn_at IS NULL
LEFT JOIN active a ON a.id = s.member_id
GROUP BY p.id, whole.users, whole.owners"""


@dataclass(frozen=True)
class Support:
    """How many of the users' and of the owners' roll of today signed, and how many it takes."""

    users: int
    all_users: int
    owners: int
    all_owners: int
    share: Threshold

    @property
    def users_needed(self) -> int:
        """Signatures of users that call the vote."""
        return max(self.share.needed(self.all_users), 1)

    @property
    def owners_needed(self) -> int:
        """Signatures of owners that call the vote."""
        return max(self.share.needed(self.all_owners), 1)

    @property
    def is_reached(self) -> bool:
        """Whether either roll is enough by itself; nobody at all is never enough."""
        return self.users >= self.users_needed or self.owners >= self.owners_needed


def support_of(petition: Petition) -> Support:
    """The signatures of active members under a petition, and the rolls as they are now."""
    return supports_of([petition])[petition.pk]


def supports_of(rows: Iterable[Petition]) -> dict[int, Support]:
    """By petition, as above; one query for all."""
    share = Threshold.from_list(policy("petition_share", timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute(SIGNED, [[row.pk for row in rows]])
        found = cursor.fetchall()
    return {
        pk: Support(users, all_users, owners, all_owners, share)
        for pk, users, all_users, owners, all_owners in found
    }


def open_petitions() -> QuerySet[Petition]:
    """Petitions that can still be signed, oldest first."""
    rows = Petition.objects.filter(proposal=None, until__gt=timezone.now())
    return rows.select_related("member", "opened_by").order_by("pk")


def petitions() -> QuerySet[Petition]:
    """Every petition, newest first."""
    return Petition.objects.select_related("member", "opened_by", "proposal").order_by("-pk")


def running_against(member: Member, office: str) -> QuerySet[Petition]:
    """Petitions against somebody that are open, or whose vote is not decided yet."""
    is_open = Q(proposal=None, until__gt=timezone.now()) | Q(proposal__state__in=RUNNING)
    return Petition.objects.filter(is_open, member=member, office=office)


def is_called_for(member: Member, office: str) -> bool:
    """Whether a petition for somebody's recall has its number, or has called its vote."""
    running = running_against(member, office)
    return any(row.proposal_id is not None or support_of(row).is_reached for row in running)


def running_terms(office: str) -> QuerySet[Term]:
    """Terms that nobody and nothing has ended, the one that ends first in front."""
    rows = Term.objects.filter(office=office, ended_at=None, ends_at__gt=timezone.now())
    return rows.select_related("member").order_by("ends_at", "pk")


def roles_of(office: str) -> QuerySet[Role]:
    """The rows of an office as the register has them, those that rest among them."""
    rows = roles_in_term().filter(name=office)
    return rows.select_related("user__member").order_by("since", "pk")


def holds(member: Member, office: str) -> bool:
    """Whether a member holds an office now, by election or from the founding."""
    return roles_in_term().filter(user=member.user_id, name=office).exists()


def terms_served(member: Member, office: str) -> int:
    """How many terms a member has begun in an office."""
    return Term.objects.filter(member=member, office=office).count()


def office_elected_by(action: str) -> str:
    """The office that an action elects to; "" for every other action."""
    return next((str(office) for office, key in ELECTED_BY.items() if key == action), "")


def why_not_stand(member: Member, office: str) -> str:
    """What keeps a member from standing for an office; "" where nothing does (R18)."""
    if member.state != Member.State.ACTIVE or member.user_id is None:
        return _("only active members with an account can")
    if terms_served(member, office) >= policy("office_terms", timezone.now()):
        return _("the number of terms that one member may serve is reached")
    if any(other != office and holds(member, other) for other in OFFICES):
        return _("nobody is steward and auditor at once")
    return ""


def stewards_in_office() -> set[int]:
    """The ids of the users who can act as stewards now."""
    roles = current_roles().filter(name=Role.Name.STEWARD)
    return set(roles.values_list("user_id", flat=True))


def signatures_needed() -> int:
    """How many stewards make an emergency: as policy says, or all there are where fewer (R17)."""
    asked: int = policy("emergency_signatures", timezone.now())
    return max(min(asked, len(stewards_in_office())), 1)


def signatures_that_count(emergency: Emergency) -> int:
    """Signatures of those who are still stewards."""
    return emergency.signatures.filter(steward__in=stewards_in_office()).count()


def has_lost_power(user: User) -> bool:
    """Whether a steward signed an emergency that was not ratified, and was not elected since."""
    lost = LostPower.objects.filter(steward=user).order_by("-at").first()
    if lost is None:
        return False
    since = Term.objects.filter(member__user=user, office=STEWARD, starts_at__gt=lost.at)
    return not since.exists()


def emergencies() -> QuerySet[Emergency]:
    """Every emergency, newest first."""
    rows = Emergency.objects.select_related("node__asset", "node__owner", "proposal")
    return rows.order_by("-pk")
