"""A checkpoint that somebody held: is it part of this log's history?

Whoever keeps checkpoints, and compares them, finds a log that was changed, cut short, or shown
differently to different people: the cooperative's signature is on both.
"""

from dataclasses import dataclass
from enum import StrEnum

from ledger.log import proofs, tree
from signing import notes
from signing.errors import BadSignature


class Verdict(StrEnum):
    """What was found."""

    NEWEST = "newest"
    PART = "part"
    AHEAD = "ahead"
    FORK = "fork"
    FOREIGN = "foreign"
    FORGED = "forged"


@dataclass(frozen=True)
class Held:
    """A checkpoint that was shown, what to think of it, and how many leaves the log has."""

    verdict: Verdict
    checkpoint: notes.Checkpoint
    size: int

    @property
    def is_part(self) -> bool:
        """Whether the log still begins as the checkpoint says."""
        return self.verdict in (Verdict.NEWEST, Verdict.PART)

    @property
    def is_alarm(self) -> bool:
        """Whether the cooperative's key signed something that this log does not continue."""
        return self.verdict in (Verdict.AHEAD, Verdict.FORK)

    def proof(self) -> proofs.Consistency | None:
        """That the newest head continues it; None where it does not."""
        return proofs.consistency(self.checkpoint.size, self.size) if self.is_part else None


def as_pasted(text: str) -> str:
    """A note as it was before it went through a form or a mail: line ends, blanks around it."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join([*lines, ""])


def examine(note: str) -> Held:
    """What to think of a checkpoint; raises MalformedNote where it is none."""
    key, head = tree.verifier_key(), tree.newest()
    size = head.size if head else 0
    try:
        shown = notes.open_checkpoint(note, key)
    except BadSignature:
        claimed = notes.Checkpoint.parse(note[: note.rindex("\n\n") + 1])
        verdict = Verdict.FORGED if claimed.origin == key.name else Verdict.FOREIGN
        return Held(verdict, claimed, size)
    return Held(_compared(shown, size), shown, size)


def _compared(shown: notes.Checkpoint, size: int) -> Verdict:
    if shown.size > size:
        return Verdict.AHEAD
    if tree.root_at(shown.size) != shown.root:
        return Verdict.FORK
    return Verdict.NEWEST if shown.size == size else Verdict.PART
