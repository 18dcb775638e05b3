"""Counting again from what is signed: rolls and boards as published, not the tables' columns."""

from collections.abc import Iterator
from typing import Any

from governance import board, own
from governance.counting import ChamberResult, Roll
from governance.counting.deciding import Counted, decide
from governance.counting.question import Votes
from governance.documents import corrections_of, sealed_words
from governance.methods import lot
from governance.methods.carried import carried_hash, carried_of
from governance.methods.material import grouped, question_of, votes_of
from governance.models import Ballot, Proposal, RollCorrection, RollRow
from governance.queries import rolls_of
from signing import strict_json
from signing.dsse import Envelope, payload_type
from signing.errors import SigningError
from signing.keys import verify_document

CORRECTION = payload_type("roll-correction")
Answers = dict[str, dict[str, Any]]


def recount(proposal: Proposal) -> Counted:
    """The result that the signed ballots on the board give under the terms of the notice.

    Of a sealed vote the ballots are those that its trustees published. Raises SigningError where
    an envelope is not the cooperative's.
    """
    return decide(question_of(proposal), published_votes(proposal))


def published_votes(proposal: Proposal) -> list[Votes]:
    """The votes of each chamber from what anybody can read: board, rolls, delegations."""
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        return votes_of(proposal)
    newest = newest_answers(proposal)
    through = {(each["chamber"], each["voter"]): each for each in carried_of(proposal)}
    return [
        Votes(roll, grouped(spoken_in(proposal, roll, newest, through)))
        for roll in rolls_of(proposal)
    ]


def newest_answers(proposal: Proposal) -> Answers:
    """Pseudonym → answers, of the last envelope of each voter on the board."""
    newest: Answers = {}
    for envelope in proposal.ballots.order_by("index").values_list("envelope", flat=True):
        document = opened(bytes(envelope), board.BALLOT)
        newest[document["voter"]] = document["choices"]
    return newest


def spoken_in(
    proposal: Proposal, roll: Roll, newest: Answers, through: dict[tuple[str, str], dict[str, Any]]
) -> Iterator[tuple[Any, int]]:
    """(answer, weight) of everybody on a roll who voted, or for whom somebody did."""
    rows = RollRow.objects.filter(chamber__proposal=proposal, chamber__name=roll.chamber)
    for voter, weight in rows.values_list("voter", "weight"):
        way = through.get((roll.chamber, voter))
        if voter in newest:
            yield newest[voter][roll.chamber], weight
        elif way and not way["lost"] and way["directed"] is not None:
            yield way["directed"], weight
        elif way and not way["lost"] and way["through"] in newest:
            yield newest[way["through"]][roll.chamber], weight


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
    says = {"choices": ballot.choices}
    if ballot.sealed is not None:
        says = sealed_words(bytes(ballot.sealed), ballot.counter)
    if {name: document.get(name) for name in ("index", *says)} != {"index": place, **says}:
        return [f"{name}: entry {place} does not say what its envelope says"]
    wrong = own.wrong_with(ballot, document)
    return [f"{name}: entry {place} {wrong}"] if wrong else []


def wrong_on_rolls(proposal: Proposal) -> list[str]:
    """What does not hold on the rolls of a vote: leaf, root, heads, weight, corrections."""
    found = []
    for chamber in proposal.chambers.all():
        rows = list(chamber.rows.filter(correction=None).order_by("position"))
        leaves = [published_leaf(proposal.pk, chamber.name, row) for row in rows]
        frozen = (chamber.root, chamber.heads, chamber.weight)
        if frozen != (board.merkle_root(leaves), len(rows), sum(r.weight for r in rows)):
            found.append(f"vote {proposal.pk}: the roll of {chamber.name} does not give its root")
    corrections = RollCorrection.objects.filter(row__chamber__proposal=proposal)
    for correction in corrections.select_related("row__chamber"):
        found += wrong_in_correction(proposal, correction)
    return found


def wrong_in_correction(proposal: Proposal, correction: RollCorrection) -> list[str]:
    """Whether a row added to a roll is what the signed correction says (R7)."""
    row = correction.row
    name = f"vote {proposal.pk}: the correction at place {row.position} of {row.chamber.name}"
    try:
        said = opened(bytes(correction.envelope), CORRECTION)
    except SigningError as error:
        return [f"{name} is not sound: {error.code}"]
    row_says = {
        "proposal": proposal.pk, "chamber": row.chamber.name, "position": row.position,
        "voter": row.voter, "weight": row.weight,
        "leaf": published_leaf(proposal.pk, row.chamber.name, row),
    }  # fmt: skip
    same = {key: said.get(key) for key in row_says} == row_says
    return [] if same else [f"{name} says another thing than the roll"]


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
    names = [c["chamber"] for c in certified["chambers"]]
    if names != [c.roll.chamber for c in result.chambers] or any(
        counts(said) != recounted(said, again)
        for said, again in zip(certified["chambers"], result.chambers, strict=True)
    ):
        found.append(f"{name}: the certified counts are not those of a recount")
    return found + wrong_beyond_counts(certified, proposal, result)


def wrong_beyond_counts(
    certified: dict[str, Any], proposal: Proposal, result: Counted
) -> list[str]:
    """Winners, stages, delegations and the board; older certificates hold fewer of them."""
    name, found = f"vote {proposal.pk}", []
    rule, chamber = result.decided_by
    if certified["decided_by"] != {"rule": rule, "chamber": chamber}:
        found.append(f"{name}: another rule decides in a recount")
    if certified.get("result", result.document) != result.document:
        found.append(f"{name}: the certified stages are not those of a recount")
    carried = carried_hash(proposal)
    if certified.get("carried_sha256", carried) != carried:
        found.append(f"{name}: other delegations were certified")
    if not lot.is_as_committed(proposal):
        found.append(f"{name}: the nonce of its lot is not the one committed to")
    corrections = corrections_of(proposal)
    if certified.get("corrections", corrections) != corrections:
        found.append(f"{name}: other corrections of the rolls were certified")
    return found + wrong_board_in(certified, proposal)


def wrong_board_in(certified: dict[str, Any], proposal: Proposal) -> list[str]:
    """Whether the certified board is the board there is."""
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    same = certified["board"] == board.summary(leaves)
    return [] if same else [f"vote {proposal.pk}: the board is not the certified one"]


NUMBERS = ("heads", "weight", "for", "against", "chose", "abstain", "ballots", "passed")


def counts(chamber: dict[str, Any]) -> dict[str, Any]:
    """The numbers of one certified chamber."""
    return {name: chamber[name] for name in NUMBERS if name in chamber}


def recounted(said: dict[str, Any], again: ChamberResult) -> dict[str, Any]:
    """The numbers that a certificate tells, of the chamber counted again."""
    sums = again.sums
    numbers = {
        "heads": again.roll.heads, "weight": again.roll.weight, "for": sums.yes,
        "against": sums.no, "chose": sums.yes, "abstain": sums.abstain,
        "ballots": sums.heads, "passed": again.passed,
    }  # fmt: skip
    return {name: numbers[name] for name in counts(said)}
