"""From a filled-in ballot to the board: the one way that the pages cast open votes."""

from governance.methods.forms import BallotForm
from governance.models import Ballot, Proposal
from governance.queries import chambers_of
from governance.services import cast
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

    It answers in every chamber the member sits in. Raises what `cast` raises.
    """
    said = form.cleaned_data
    return cast(
        proposal_id=proposal.pk,
        member=member,
        actor=actor,
        answers=dict.fromkeys(chambers_of(proposal, member), form.answer()),
        reason=said.get("reason", ""),
        key=said["key"],
        envelope=envelope,
    )
