"""Who stands behind a draft, and whether they are enough."""

from dataclasses import dataclass

from django.db import connection

from governance import clock
from governance.counting import Threshold
from governance.models import Backing, Proposal
from members.models import Member
from policies.queries import policy

BACKED = """
SELECT count(*), count(b.id), coalesce(bool_or(b.id IS NOT NULL AND m.id = %(member)s), false)
FROM members_member m LEFT JOIN governance_backing b
  ON b.member_id = m.id AND b.proposal_id = %(proposal)s AND b.withdrawn_at IS NULL
  AND b.saving = %(saving)s AND m.id <> %(proposer)s
WHERE m.state = 'active'"""


@dataclass(frozen=True)
class Support:
    """How many members stand behind a draft besides its proposer, of how many members."""

    members: int
    backers: int
    mine: bool
    share: Threshold

    @property
    def needed(self) -> int:
        """How many are enough: never nobody."""
        return max(1, self.share.needed(self.members))

    @property
    def is_enough(self) -> bool:
        """Whether the proposer gives notice without a steward."""
        return self.backers >= self.needed


def support_of(proposal: Proposal, member: Member | None = None) -> Support:
    """The backing of a draft as it stands now; `mine` says whether this member is in it."""
    values = {
        "proposal": proposal.pk,
        "proposer": proposal.proposer_id,
        "saving": saving_of(proposal),
        "member": None if member is None else member.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(BACKED, values)
        row = cursor.fetchone()
    members, backers, mine = row or (0, 0, False)
    share = Threshold.from_list(policy("proposal_backing", clock.now()))
    return Support(members, backers, mine, share)


def saving_of(proposal: Proposal) -> int:
    """The number of the newest saving of a draft: backing is for what was read."""
    return proposal.versions.count()


def is_backed(proposal: Proposal) -> bool:
    """Whether anybody stands behind the draft as it is."""
    rows = Backing.objects.filter(proposal=proposal, withdrawn_at=None)
    return rows.filter(saving=saving_of(proposal)).exists()


def is_backable(proposal: Proposal) -> bool:
    """Whether backing means something: a second vote is announced by time alone."""
    second = proposal.because == Proposal.Because.SECOND_VOTE
    return proposal.state == Proposal.State.DRAFT and not second
