"""From a filled-in ballot to the board: the one way that the pages cast open votes."""

from governance.methods.forms import BallotForm
from governance.methods.material import raised_by
from governance.models import Ballot, Proposal
from governance.queries import chambers_of
from governance.services import cast, object_to_consent, withdraw_consent_objection
from members.models import Member, User
from signing.dsse import Envelope


def cast_filled(
    form: BallotForm,
    *,
    proposal: Proposal,
    member: Member,
    actor: User,
    envelope: Envelope | None = None,
) -> Ballot:
    """The answer of a valid form as the next entry of the board, or what was signed of it.

    It answers in every chamber the member sits in. An objection to a consent is raised first;
    another answer takes the member's objections back. Raises what these services raise.
    """
    said = form.cleaned_data
    if proposal.kind == Proposal.Kind.CONSENT and envelope is None:
        settle_objections(form, proposal=proposal, member=member, actor=actor)
    return cast(
        proposal_id=proposal.pk,
        member=member,
        actor=actor,
        answers=dict.fromkeys(chambers_of(proposal, member), form.answer()),
        reason=said.get("reason", ""),
        key=said["key"],
        envelope=envelope,
    )


def settle_objections(form: BallotForm, *, proposal: Proposal, member: Member, actor: User) -> None:
    """Raise the objection of a ballot, and take back those that it does not repeat (R21)."""
    said, left = form.cleaned_data, raised_by(proposal, member)
    if form.answer() == "object":
        kept = object_to_consent(
            proposal_id=proposal.pk,
            member=member,
            reason=said["reason"],
            change=said["change"],
            actor=actor,
        )
        left = left.exclude(pk=kept.pk)
    for row in left:
        withdraw_consent_objection(objection_id=row.pk, member=member, actor=actor)
