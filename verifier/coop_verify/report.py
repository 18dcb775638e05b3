"""What the auditor reads: one promise a line, and at most twenty sentences where one is broken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_SENTENCES = 20
MOST_CHARACTERS = 400
PROMISES = {
    "files": "the files are those of the manifest, byte for byte",
    "leaves": "every leaf has the documented form, and no id comes twice",
    "root": "the leaves hash to the root of the checkpoint",
    "signature": "the checkpoint is signed by the key",
    "history": "every earlier checkpoint is a beginning of this log",
    "entries": "the entries are those that the leaves commit to",
    "details": "what transactions were for is what the leaves commit to",
    "zero": "every transaction sums to zero in each commodity",
    "versions": "no entry is missing or added, running balances are right, time runs forward",
    "accounts": "every account was opened once, by its first entry, and is listed as opened",
    "floors": "no account went below its floor",
    "reversals": "a reversal is the exact opposite of one earlier transaction, once",
    "carried": "what was carried from detached periods is what the log says",
    "kept": "kept balances are what the entries sum to",
    "units": "units created = units held + units in the treasury",
    "tokens": "tokens issued + unbacked = held + redeemed + overage + expired, none negative",
    "owners": "accounts belong to the owners that were committed to",
    "titles": "titles run 1 … n without a gap, each in the log once",
    "shares": "live titles sum to the units held",
    "certificates": "titles are signed and say what is listed",
}


@dataclass
class Promise:
    """One promise: what speaks against it, and why it was not looked at where that is so."""

    text: str
    sentences: list[str] = field(default_factory=list)
    found: int = 0
    skipped: str = ""

    @property
    def state(self) -> str:
        """ok, BROKEN, or "-" where nothing was looked at."""
        return "BROKEN" if self.found else "-" if self.skipped else "ok"


class Report:
    """All promises, and notes that the auditor should read."""

    def __init__(self, promises: Mapping[str, str] = PROMISES) -> None:
        self.promises = {name: Promise(text) for name, text in promises.items()}
        self.notes: list[str] = []

    def broken(self, name: str, sentence: str) -> None:
        """Say what speaks against a promise."""
        promise = self.promises[name]
        promise.found += 1
        if len(promise.sentences) < MOST_SENTENCES:
            promise.sentences.append(printable(sentence))

    def skip(self, name: str, why: str) -> None:
        """Say why a promise was not looked at."""
        self.promises[name].skipped = why

    def note(self, text: str) -> None:
        """Tell the auditor something that is no promise."""
        self.notes.append(printable(text))

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against any promise."""
        return not any(promise.found for promise in self.promises.values())

    def lines(self) -> list[str]:
        """The report as text."""
        return [line for promise in self.promises.values() for line in _lines(promise)]

    def as_dict(self) -> dict[str, object]:
        """The report for programs."""
        promises = {
            name: {"state": p.state, "text": p.text, "found": p.found, "sentences": p.sentences}
            for name, p in self.promises.items()
        }
        return {"holds": self.holds, "promises": promises, "notes": self.notes}


def printable(text: str) -> str:
    """The text without anything that could steer a terminal, at a bounded length."""
    clean = "".join(char if char.isprintable() else "\ufffd" for char in text[:MOST_CHARACTERS])
    return clean + "…" if len(text) > MOST_CHARACTERS else clean


def _lines(promise: Promise) -> list[str]:
    if promise.state != "BROKEN":
        why = f" ({promise.skipped})" if promise.skipped else ""
        return [f"{promise.state:<7} {promise.text}{why}"]
    more = promise.found - len(promise.sentences)
    rest = [f"        … and {more} more"] if more else []
    return [f"BROKEN  {promise.text}", *(f"        - {s}" for s in promise.sentences), *rest]
