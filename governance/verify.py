"""Counting again from what is signed: rolls and boards as published, not the tables' columns."""

from typing import Any

from governance import board, own
from governance.counting import BallotGroup, MotionResult, Roll, Sums, count_motion, total
from governance.models import Ballot, Chamber, Proposal, RollRow
from governance.terms import terms_of
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError
from signing.keys import verify_document

Weights = dict[str, int]


def recount(proposal: Proposal) -> MotionResult:
    """The result that the signed ballots on the board give under the terms of the notice.

    Raises SigningError where an envelope is not the cooperative's.
    """
    newest = newest_answers(proposal)
    chambers = list(proposal.chambers.all())
    rolls = [Roll(c.name, c.heads, c.weight) for c in chambers]
    sums = [sums_in(chamber, newest) for chamber in chambers]
    rules = terms_of(proposal).rules
    return count_motion(list(zip(rolls, sums, strict=True)), rules)


def newest_answers(proposal: Proposal) -> dict[str, dict[str, str]]:
    """Pseudonym → answers, of the last envelope of each voter on the board."""
    newest: dict[str, dict[str, str]] = {}
    for envelope in proposal.ballots.order_by("index").values_list("envelope", flat=True):
        document = opened(bytes(envelope), board.BALLOT)
        newest[document["voter"]] = document["choices"]
    return newest


def sums_in(chamber: Chamber, newest: dict[str, dict[str, str]]) -> Sums:
    """Answers of one chamber added up with the weights of its roll; others count nowhere."""
    rows = RollRow.objects.filter(chamber=chamber).values_list("voter", "weight")
    return total(
        BallotGroup(newest[voter][chamber.name], 1, weight)
        for voter, weight in rows
        if voter in newest
    )


def opened(envelope: bytes, kind: str) -> Any:
    """The document in an envelope that the cooperative signed; raises SigningError."""
    return strict_json.loads(verify_document(Envelope.from_json(envelope), kind))


def wrong_on_board(proposal: Proposal) -> list[str]:
    """What does not hold on a board: a gap, a changed envelope, a broken link, a wrong reason."""
    name, link, found = f"vote {proposal.pk}", board.FIRST_LINK, []
    for place, ballot in enumerate(proposal.ballots.order_by("index"), start=1):
        link = board.next_link(link, ballot.leaf)
        if ballot.index != place:
            found.append(f"{name}: entry {place} of the board is missing")
        if board.leaf_hash(bytes(ballot.envelope)) != ballot.leaf:
            found.append(f"{name}: the envelope of entry {place} does not give its leaf")
        if ballot.link != link:
            found.append(f"{name}: the chain breaks at entry {place}")
        found += wrong_in_envelope(name, place, ballot)
    return found


def wrong_in_envelope(name: str, place: int, ballot: Ballot) -> list[str]:
    """Whether an entry's envelope is signed and says what its row, and its member, say."""
    try:
        document = opened(bytes(ballot.envelope), board.BALLOT)
    except SigningError as error:
        return [f"{name}: the envelope of entry {place} is not sound: {error.code}"]
    if (document["index"], document["choices"]) != (place, ballot.choices):
        return [f"{name}: entry {place} does not say what its envelope says"]
    wrong = own.wrong_with(ballot, document)
    return [f"{name}: entry {place} {wrong}"] if wrong else []


def wrong_on_rolls(proposal: Proposal) -> list[str]:
    """What does not hold on the rolls of a vote: leaf, root, heads, weight."""
    found = []
    for chamber in proposal.chambers.all():
        rows = list(chamber.rows.order_by("position"))
        leaves = [published_leaf(proposal.pk, chamber.name, row) for row in rows]
        frozen = (chamber.root, chamber.heads, chamber.weight)
        if frozen != (board.merkle_root(leaves), len(rows), sum(r.weight for r in rows)):
            found.append(f"vote {proposal.pk}: the roll of {chamber.name} does not give its root")
    return found


def published_leaf(proposal_id: int, chamber: str, row: RollRow) -> str:
    """The leaf of a row as the public would compute it."""
    values = {"position": row.position, "voter": row.voter, "weight": row.weight}
    return board.roll_leaf(board.roll_document(proposal_id, chamber, values))


def wrong_in_certificate(proposal: Proposal) -> list[str]:
    """What a certificate says otherwise than a recount of the signed ballots and the rolls."""
    name = f"vote {proposal.pk}"
    try:
        certified = opened(bytes(proposal.certificate.envelope), board.CERTIFICATE)
        result = recount(proposal)
    except SigningError as error:
        return [f"{name}: something signed is not sound: {error.code}"]
    except ValueError as error:
        return [f"{name}: it cannot be counted again: {error}"]
    found = [] if certified == proposal.certificate.result else [f"{name}: result was changed"]
    outcome = "passed" if result.passed else "failed"
    if certified["outcome"] != outcome or proposal.certificate.passed != result.passed:
        found.append(f"{name}: certified {certified['outcome']}, a recount says {outcome}")
    if [counts(c) for c in certified["chambers"]] != [recounted(c) for c in result.chambers]:
        found.append(f"{name}: the certified counts are not those of a recount")
    return found + wrong_board_in(certified, proposal)


def wrong_board_in(certified: dict[str, Any], proposal: Proposal) -> list[str]:
    """Whether the certified board is the board there is."""
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    same = certified["board"] == board.summary(leaves)
    return [] if same else [f"vote {proposal.pk}: the board is not the certified one"]


def counts(chamber: dict[str, Any]) -> tuple[Any, ...]:
    """The numbers of one certified chamber."""
    names = ("chamber", "heads", "weight", "for", "against", "abstain", "ballots", "passed")
    return tuple(chamber[name] for name in names)


def recounted(chamber: Any) -> tuple[Any, ...]:
    """The same numbers of one chamber counted again."""
    roll, sums = chamber.roll, chamber.sums
    return (
        roll.chamber,
        roll.heads,
        roll.weight,
        sums.yes,
        sums.no,
        sums.abstain,
        sums.heads,
        chamber.passed,
    )
