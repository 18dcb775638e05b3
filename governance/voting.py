"""From a filled-in ballot to the board: the one way that the pages cast votes."""

from governance.methods.forms import BallotForm
from governance.models import Ballot, Proposal
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

    Raises what `cast` raises.
    """
    said = form.cleaned_data
    signed = {"envelope": envelope} if envelope else {"choice": form.answer(), "key": said["key"]}
    return cast(
        proposal_id=proposal.pk, member=member, actor=actor, reason=said.get("reason", ""), **signed
    )
