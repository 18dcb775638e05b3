"""Whether every tally that was taken still fits its vote."""

from governance.errors import BadTally
from governance.models import SealedTally
from governance.sealed.checks import tally_in
from signing.dsse import Envelope
from signing.errors import SigningError


def tallies_fit_their_boards() -> list[str]:
    """Each tally is signed by k shares, says what its row says and covers the board as it is."""
    rows = SealedTally.objects.select_related("sealed_vote__proposal").order_by("pk")
    return [line for tally in rows.iterator() for line in _wrong_with(tally)]


def _wrong_with(tally: SealedTally) -> list[str]:
    name = f"vote {tally.sealed_vote.proposal_id}"
    try:
        document = tally_in(tally.sealed_vote, Envelope.from_json(bytes(tally.envelope)))
    except (BadTally, SigningError) as error:
        return [f"{name}: the trustees' tally does not stand: {error}"]
    same = (document, document["input_sha256"]) == (tally.document, tally.input_sha256)
    return [] if same else [f"{name}: the row of its tally says another thing than the trustees"]
