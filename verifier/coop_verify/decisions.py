"""Closed decisions checked and counted again: signatures, rolls, boards, delegations, outcomes.

Vote by vote; memory grows with the largest vote. What only the cooperative's word stands for is in
docs/auditing.md: that a pseudonym is a member, and that an objection in a consent was open.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from coop_verify.canonical import dumps, from_base64, parse
from coop_verify.dsse import Signed, kind
from coop_verify.errors import Malformed, Unreadable
from coop_verify.note import Key
from coop_verify.outcomes import Asked, Room, Spoken, decide
from coop_verify.postings import Postings
from coop_verify.report import Report
from coop_verify.sealed import sealed_answers
from coop_verify.tree import Tree, leaf_hash
from coop_verify.votes import LINK, PROMISES, Entry, Folder, Line, Vote

LOT = "coop lot v1"
CORRECTION = kind("roll-correction")
ROW = ("proposal", "chamber", "position", "voter", "weight")
CARRIED_OUT = ("executed", "refused", "expired", "timelocked", "held", "vetoed", "passed")


@dataclass
class DecisionCheck:
    """One check of one folder; `run` fills the report. Raises Unreadable."""

    path: Path
    given: Key | None = None
    books: Path | None = None
    report: Report = field(default_factory=lambda: Report(PROMISES))
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder = Folder.open(self.path)
        self.manifest = self.folder.manifest
        self.key = self.given or self.manifest.key
        self.postings = Postings(self.report, self.books)

    def run(self) -> Report:
        """Everything, in order."""
        for sentence in self.folder.wrong_files():
            self.report.broken("files", sentence)
        self._about_the_key()
        try:
            for vote in self.folder.votes(self.key):
                self._vote(vote)
        except (KeyError, TypeError, ValueError, AttributeError, Malformed) as error:
            raise Unreadable(f"{self.path} does not have the documented form: {error}") from error
        self.postings.close()
        return self.report

    def _about_the_key(self) -> None:
        if self.given is None:
            self.report.note("No --key was given: the folder agrees with its own word only.")
        elif self.given.public != self.manifest.key.public:
            self.report.broken("signatures", "the folder names another key of the cooperative")

    def _vote(self, vote: Vote) -> None:
        self.seen["decisions"] += 1
        self.seen["ballots"] += len(vote.board)
        if not vote.is_signed:
            self._broken("signatures", vote, "its certificate is not signed by the key")
        if vote.certificate["proposal"] != vote.number:
            self._broken("signatures", vote, "its certificate is of another decision")
        self._notice(vote)
        self._rolls(vote)
        self._board(vote)
        self._delegated(vote)
        self._counted(vote)
        self._executed(vote)
        self.postings.take(vote)

    def _broken(self, promise: str, vote: Vote, sentence: str) -> None:
        self.report.broken(promise, f"decision {vote.number}: {sentence}")

    def _notice(self, vote: Vote) -> None:
        notice, says = vote.notice, vote.certificate
        if vote.facts["withheld"]:
            self.seen["notices not told whole"] += 1
        else:
            if sha256(dumps(notice)).hexdigest() != vote.facts["notice_sha256"]:
                self._broken("notices", vote, "the notice does not give its hash")
            if sha256(dumps(notice["payload"])).hexdigest() != says["payload_sha256"]:
                self._broken("notices", vote, "the action is not the certified one")
        if says["notice_sha256"] != vote.facts["notice_sha256"]:
            self._broken("notices", vote, "the certificate is of another notice")
        if says["action"] != notice["action"]:
            self._broken("notices", vote, "the certificate names another action")

    def _rolls(self, vote: Vote) -> None:
        frozen = {chamber["chamber"]: chamber for chamber in vote.facts["chambers"]}
        if set(vote.rolls) - set(frozen):
            self._broken("rolls", vote, "it has a roll of no chamber")
        for name, chamber in frozen.items():
            rows = vote.rolls.get(name, [])
            kept = [row for row in rows if row["correction"] is None]
            if root_of_roll(vote.number, kept) != chamber["root"]:
                self._broken("rolls", vote, f"the roll of {name} does not give its root")
            said = (len(kept), sum(row["weight"] for row in kept))
            if said != (chamber["heads"], chamber["weight"]):
                self._broken("rolls", vote, f"the roll of {name} has other heads or weight")
            if len({row["voter"] for row in rows}) != len(rows):
                self._broken("rolls", vote, f"somebody stands twice on the roll of {name}")
            self.seen["rows of rolls"] += len(rows)
        self._corrections(vote)
        for certified in vote.certificate["chambers"]:
            if frozen.get(certified["chamber"], {}).get("root") != certified["roll_root"]:
                self._broken("rolls", vote, f"another roll of {certified['chamber']} is certified")

    def _corrections(self, vote: Vote) -> None:
        """Rows added before the close: signed, and named by the certificate."""
        digests = []
        for row in (row for rows in vote.rolls.values() for row in rows if row["correction"]):
            raw = from_base64(row["correction"])
            signed = Signed.read(parse(raw))
            says = parse(signed.payload)
            digests.append(sha256(raw).hexdigest())
            same = {n: says.get(n) for n in ROW} == {n: row[n] for n in ROW}
            if not same or not signed.is_by(self.key, CORRECTION):
                self._broken("rolls", vote, "a voter was added without a signed correction")
        if sorted(digests) != sorted(vote.certificate.get("corrections", [])):
            self._broken("rolls", vote, "the corrections of its rolls are not the certified ones")

    def _board(self, vote: Vote) -> None:
        tree, link = Tree(), bytes(32)
        voters = {row["voter"] for rows in vote.rolls.values() for row in rows}
        for place, entry in enumerate(vote.board, 1):
            tree.add(entry.raw)
            link = sha256(LINK + link + leaf_hash(entry.raw)).digest()
            for sentence in wrong_in_entry(vote, place, entry, voters):
                self._broken("boards", vote, f"entry {place} {sentence}")
            if not entry.is_signed:
                self._broken("signatures", vote, f"entry {place} is not signed by the key")
        board = {"size": len(vote.board), "head": link.hex(), "root": tree.root().hex()}
        if board != vote.certificate["board"]:
            self._broken("boards", vote, "the board is not the certified one")

    def _delegated(self, vote: Vote) -> None:
        told = [{n: v for n, v in line.items() if n != "proposal"} for line in vote.delegated]
        said = vote.certificate.get("carried_sha256")
        if said is not None and sha256(dumps({"carried": told})).hexdigest() != said:
            self._broken("delegated", vote, "the votes given away are not the certified ones")
        for sentence in wrong_delegations(vote):
            self._broken("delegated", vote, sentence)
        self.seen["votes carried by others"] += sum(not line["lost"] for line in vote.delegated)

    def _counted(self, vote: Vote) -> None:
        try:
            rooms = list(self._rooms(vote))
        except Malformed as error:
            self._broken("sealed", vote, str(error))
            return
        passed, winners = decide(asked_in(vote), rooms)
        says = vote.certificate
        if says["outcome"] != ("passed" if passed else "failed"):
            self._broken("counted", vote, f"certified {says['outcome']}, a recount says otherwise")
        if says.get("result", {}).get("winners", []) != winners:
            self._broken("counted", vote, f"a recount chooses {', '.join(winners) or 'nobody'}")
        if seed_of(vote) != says.get("result", {}).get("seed", ""):
            self._broken("counted", vote, "the lot was not drawn from board and nonces")
        certified = [{n: c[n] for n in c if n in NUMBERS} for c in says["chambers"]]
        if certified != [numbers_of(room, vote.notice["kind"]) for room in rooms]:
            self._broken("counted", vote, "the certified numbers are not those of a recount")

    def _rooms(self, vote: Vote) -> Iterator[Room]:
        for chamber in vote.voting():
            rows = vote.rolls.get(chamber["chamber"], [])
            weight = sum(row["weight"] for row in rows)
            if vote.notice.get("ballot_kind", "open") == "sealed":
                spoken = [Spoken(answer, 1) for answer in sealed_answers(vote)]
            else:
                spoken = list(spoken_in(vote, chamber["chamber"], rows))
            yield Room(chamber["chamber"], len(rows), weight, spoken)

    def _executed(self, vote: Vote) -> None:
        state = vote.facts["state"]
        if vote.passed != (state in CARRIED_OUT):
            self._broken("executed", vote, f"it is {state}, its certificate says otherwise")
        done = vote.facts["execution"]
        if done is not None and not vote.passed:
            self._broken("executed", vote, "it was carried out and is not carried")
        if (done is not None) != (state in ("executed", "refused")):
            self._broken("executed", vote, f"it is {state}, but what came of it says otherwise")


NUMBERS = ("chamber", "heads", "weight", "for", "against", "chose", "abstain", "ballots")


def numbers_of(room: Room, how: str) -> Line:
    """What a certificate says of a chamber: of a motion its answers, else how many chose."""
    words = how in ("motion", "consent")
    said = {"for": room.yes, "against": room.no} if words else {"chose": room.yes}
    return {
        "chamber": room.name,
        "heads": room.heads,
        "weight": room.weight,
        **said,
        "abstain": room.abstain,
        "ballots": len(room.spoken),
    }


def root_of_roll(proposal: int, rows: list[Line]) -> str:
    """The Merkle root over a roll, from what is public of its rows."""
    tree = Tree()
    for row in rows:
        named = {name: row[name] for name in ("chamber", "position", "voter", "weight")}
        tree.add(dumps({"proposal": proposal, **named}))
    return tree.root().hex()


def wrong_in_entry(vote: Vote, place: int, entry: Entry, voters: set[str]) -> Iterator[str]:
    """What an entry of a board says that cannot be."""
    says = entry.says
    if entry.index != place or says["index"] != place:
        yield "stands in another place"
    if (says["proposal"], says["notice_sha256"]) != (vote.number, vote.facts["notice_sha256"]):
        yield "is of another vote"
    if says["voter"] not in voters:
        yield "is of somebody who is on no roll"
    if entry.sealed is not None and sha256(entry.sealed).hexdigest() != says.get("sealed_sha256"):
        yield "is not over the ciphertext beside it"


def wrong_delegations(vote: Vote) -> Iterator[str]:
    """Who voted speaks for themselves; who speaks for others voted, within the caps."""
    newest = vote.newest()
    rows = {(c, r["voter"]): r["weight"] for c, roll in vote.rolls.items() for r in roll}
    heads: Counter[tuple[str, str]] = Counter()
    weights: Counter[tuple[str, str]] = Counter()
    seen = set()
    for line in vote.delegated:
        place = (line["chamber"], line["voter"])
        if place not in rows or place in seen:
            yield "a vote that was given away is on no roll, or stands there twice"
        seen.add(place)
        if line["lost"]:
            continue
        if line["voter"] in newest:
            yield "the vote of somebody who voted was counted for another"
        through = (line["chamber"], line["through"])
        if through not in rows or (line["through"] not in newest and line["directed"] is None):
            yield "a vote was carried by somebody who did not vote there"
        heads[through] += 1
        weights[through] += rows.get(place, 0)
    caps = (vote.notice.get("terms") or {}).get("delegation")
    if caps:
        yield from over_the_caps(caps, heads, weights, rows)


def over_the_caps(
    caps: Line,
    heads: Counter[tuple[str, str]],
    weights: Counter[tuple[str, str]],
    rows: dict[tuple[str, str], int],
) -> Iterator[str]:
    """Who speaks for more heads, or more of a chamber, than was agreed."""
    num, den, _strict = caps["share"]
    whole: Counter[str] = Counter()
    for (chamber, _voter), weight in rows.items():
        whole[chamber] += weight
    for place, number in heads.items():
        if number > caps["heads"]:
            yield f"one voter speaks for {number} others, {caps['heads']} are allowed"
        if den * weights[place] > num * whole[place[0]]:
            yield "one voter speaks for a larger part of a chamber than is allowed"


def spoken_in(vote: Vote, chamber: str, rows: list[Line]) -> Iterator[Spoken]:
    """Each voter's answer in a chamber: their own, else the one that counts for them."""
    newest = vote.newest()
    carried = {
        line["voter"]: line
        for line in vote.delegated
        if line["chamber"] == chamber and not line["lost"]
    }
    for row in rows:
        own, line = newest.get(row["voter"]), carried.get(row["voter"])
        if own is not None:
            yield Spoken(own.says["choices"][chamber], row["weight"])
        elif line is not None and line["directed"] is not None:
            yield Spoken(line["directed"], row["weight"])
        elif line is not None and line["through"] in newest:
            yield Spoken(newest[line["through"]].says["choices"][chamber], row["weight"])


def asked_in(vote: Vote) -> Asked:
    """The question as announced; how many objections were open only its certificate says."""
    notice, says = vote.notice, vote.certificate
    terms: dict[str, Any] = notice["terms"]
    options = notice["options"]
    result = says.get("result", {})
    return Asked(
        kind=notice["kind"],
        options=tuple(o["id"] for o in options if isinstance(o, dict)),
        seats=notice.get("seats", 1),
        terms=terms,
        seed=seed_of(vote),
        objections=max([0, *(part.get("objections", 0) for part in parts_of(result))]),
        users_alone=bool(terms.get("protects")) and notice.get("because") == "second_vote",
    )


def parts_of(result: Line) -> list[Line]:
    """What a certificate tells of each chamber."""
    return [part for part in result.values() if isinstance(part, dict)]


def seed_of(vote: Vote) -> str:
    """The seed of the lot (R6): the board's root and the nonces; "" where there are no options."""
    nonces = vote.facts["nonces"]
    if not any(isinstance(option, dict) for option in vote.notice["options"]):
        return ""
    return sha256("\n".join((LOT, vote.certificate["board"]["root"], *nonces)).encode()).hexdigest()
