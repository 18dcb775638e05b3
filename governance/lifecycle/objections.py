"""Objections of users to what the owners decide by themselves (R10).

So long as users do not vote on it, a twentieth of their roll calls their chamber in: before the
opening it votes beside the owners; while a decision waits to be carried out it is held, and the
users answer in a vote of their own. Who may object and who counts towards the whole are always
the same people: those who were told and are active, from the opening on those on the roll.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from governance import clock
from governance.actions import action_named
from governance.counting import Threshold
from governance.errors import NotAmongUsers, NotObjectable
from governance.lifecycle.drafting import announce, draft
from governance.models import Objection, Proposal
from governance.queries import locked
from governance.terms import USERS, terms_of
from members.models import Member

State = Proposal.State
TOLD = """
SELECT d.member_id FROM governance_delivery d
JOIN members_member m ON m.id = d.member_id AND m.state = 'active'
WHERE d.proposal_id = %(proposal)s AND d.version = %(version)s"""
ON_ROLL = """
SELECT r.member_id FROM governance_rollrow r
JOIN governance_chamber c ON c.id = r.chamber_id
WHERE c.proposal_id = %(proposal)s AND c.name = 'users'"""
COUNTED = """
WITH roll AS ({roll})
SELECT count(*), count(o.id), coalesce(bool_or(roll.member_id = %(member)s), false)
FROM roll LEFT JOIN governance_objection o
  ON o.member_id = roll.member_id AND o.proposal_id = %(proposal)s AND o.withdrawn_at IS NULL"""


@dataclass(frozen=True)
class Standing:
    """How many of the users object, of how many, and whether one member is among these users."""

    users: int
    objectors: int
    threshold: Threshold
    among: bool

    @property
    def reached(self) -> bool:
        """Whether the users' chamber is called in."""
        return self.objectors > 0 and self.threshold.is_met(self.objectors, self.users)

    @property
    def needed(self) -> int:
        """How many objections call it in."""
        return max(1, self.threshold.needed(self.users))


def standing_of(proposal: Proposal, member: Member | None = None) -> Standing:
    """The objections to an announced proposal as they stand now."""
    before = proposal.state == State.NOTICE
    values = {
        "proposal": proposal.pk,
        "version": proposal.version,
        "member": None if member is None else member.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTED.format(roll=TOLD if before else ON_ROLL), values)
        row = cursor.fetchone()
    users, objectors, among = row or (0, 0, False)
    return Standing(users, objectors, terms_of(proposal).objection, among)


def may_be_objected(proposal: Proposal) -> bool:
    """Whether this is a matter that users can call themselves into.

    Not where they decide already, nor where the rules of an office say which chamber elects.
    """
    if proposal.terms is None or USERS in terms_of(proposal).chambers:
        return False
    return action_named(proposal.action).chambers is None and not _answered(proposal)


def _answered(proposal: Proposal) -> bool:
    return proposal.followers.filter(because=Proposal.Because.OBJECTION).exists()


def objections_open(proposal: Proposal, at: datetime) -> bool:
    """Whether users can object at this moment: during notice, and before it is carried out."""
    if not may_be_objected(proposal):
        return False
    waiting = proposal.state == State.TIMELOCKED and not proposal.called_in
    in_time = proposal.executes_from is not None and at < proposal.executes_from
    return proposal.state == State.NOTICE or (waiting and in_time)


@transaction.atomic(durable=True)
def object_to(*, proposal_id: int, member: Member, reason: str = "") -> Objection:
    """A user's objection; a second one takes the place of the first.

    Where it is the one that was needed, the users' chamber is called in. Raises NotObjectable,
    NotAmongUsers.
    """
    proposal = locked(proposal_id)
    at = clock.now()
    if not objections_open(proposal, at):
        raise NotObjectable
    if not standing_of(proposal, member).among:
        raise NotAmongUsers
    objection, _new = Objection.objects.update_or_create(
        proposal=proposal,
        member=member,
        defaults={"reason": reason.strip(), "at": at, "withdrawn_at": None},
    )
    settle(proposal, at)
    return objection


@transaction.atomic(durable=True)
def withdraw_objection(*, proposal_id: int, member: Member) -> None:
    """An objection taken back; none is none. Raises NotObjectable once it can no longer matter."""
    proposal = locked(proposal_id)
    at = clock.now()
    if not objections_open(proposal, at):
        raise NotObjectable
    Objection.objects.filter(proposal=proposal, member=member, withdrawn_at=None).update(
        withdrawn_at=at
    )
    settle(proposal, at)


def carry_objections(first: Proposal, second: Proposal) -> None:
    """Who objected to the first vote objects to the second one on the same matter.

    Call inside a transaction, under the lock of the second, while its notice runs.
    """
    standing = Objection.objects.filter(proposal=first, withdrawn_at=None)
    Objection.objects.bulk_create(
        Objection(proposal=second, member_id=row.member_id, reason=row.reason, at=row.at)
        for row in standing
    )
    settle(second, clock.now())


def settle(proposal: Proposal, at: datetime) -> None:
    """What the objections bring about. Call inside a transaction, under the proposal's lock.

    In a notice the users' chamber is in as long as enough object; a sealed ballot has one chamber
    only, so there they answer after it. A carried decision is held.
    """
    if not may_be_objected(proposal):
        return
    reached = standing_of(proposal).reached
    sealed = proposal.ballot_kind == Proposal.BallotKind.SEALED
    if proposal.state == State.NOTICE:
        proposal.called_in = reached and not sealed
        proposal.save(update_fields=["called_in"])
    elif proposal.state == State.TIMELOCKED and reached and not proposal.called_in:
        _hold(proposal)


def _hold(proposal: Proposal) -> None:
    proposal.state = State.HELD
    proposal.save(update_fields=["state"])
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Shall the owners’ decision No. %(number)s be carried out? %(title)s") % {
            "number": proposal.pk, "title": proposal.title,
        }  # fmt: skip
        text = _(
            "The owners carried No. %(number)s. So many users objected that their chamber is "
            "called in (rule R10). In favour: it is carried out. Against, or too few in favour: "
            "it is not."
        ) % {"number": proposal.pk}
    users_vote = draft(
        title=title[:160], text=text, action="resolution", payload={}, actor=None,
        member=proposal.proposer, previous=proposal, because=Proposal.Because.OBJECTION,
        key=f"objection {proposal.pk}",
    )  # fmt: skip
    announce(users_vote, actor=None)
