"""One node's readings counted anew and held against those of the site; then what was booked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from coop_verify.counting import (
    Arrival,
    Counted,
    Last,
    Limits,
    Span,
    counter,
    gauge,
    instant,
    number,
    span_of,
)
from coop_verify.errors import Malformed
from coop_verify.report import Report

Line = dict[str, Any]
Described = dict[str, Limits]
BOOKED = "rated"
KINDS = ("counter", "gauge")


@dataclass
class Books:
    """Assignments, inventories, and the running totals of what was booked."""

    report: Report
    whole: bool
    is_members: bool
    assignments: dict[int, Line] = field(default_factory=dict)
    described: dict[tuple[str, str], Described] = field(default_factory=dict)
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)
    totals: dict[tuple[int, str], int] = field(default_factory=dict)
    unknown: int = 0

    def assign(self, line: Line) -> None:
        """Take an assignment."""
        self.assignments[line["id"]] = line

    def describe(self, node: str, digest: str, meters: dict[str, tuple[str, Limits]]) -> None:
        """Take an inventory."""
        self.described[node, digest] = {name: limits for name, (_, limits) in meters.items()}
        for name, (kind, _) in meters.items():
            self.kinds.setdefault((node, name), kind)

    def book(self, line: Line, where: str) -> None:
        """Hold what was booked for a reading against its quantity and the total before it."""
        if line["state"] != BOOKED:
            return
        row = self.assignments.get(line["assignment"])
        if row is None:
            self.report.broken("booked", f"{where}: it is booked and assigned to nobody")
            return
        place, quantity = (line["assignment"], line["period"]), int(line["quantity"])
        said = int(line["raw_before"])
        before = self.totals.get(place, 0 if self.whole else said)
        due = [raw * row["num"] // row["den"] for raw in (before, before + quantity)]
        if said != before or line["amount"] != due[1] - due[0]:
            found = f"{line['amount']} was booked, it comes to {due[1] - due[0]}"
            self.report.broken("booked", f"{where}: {found}")
        self.totals[place] = before + quantity

    def close(self) -> None:
        """Say what could not be looked at."""
        if self.unknown:
            self.report.note(
                f"{self.unknown} readings follow on batches that are not in the folder, and could"
                " not be counted anew."
            )


class Recount:
    """Where the meters of one node stand; feed it the batches in the order of the chain."""

    def __init__(self, node: str, books: Books, *, is_whole: bool) -> None:
        self.node, self.books = node, books
        self.last: dict[str, Last] = {}
        self.is_whole = is_whole
        self.known: set[str] = set()

    def take(
        self, line: Line, said: Line | None, stored: dict[int, Line], since: int, where: str
    ) -> None:
        """Hold the readings of a batch against its records; `said` is None where it is absent."""
        for n, row in stored.items():
            self._assigned(row, f"{where}, record {n}")
            self.books.book(row, f"{where}, record {n}")
        if said is None:
            self.is_whole, self.known = False, set()
            self.books.unknown += len(stored)
            return
        if not line["rated"]:
            self._none_derived(stored, where)
            return
        arrival = Arrival(instant(line["received_at"]) or 0, instant(said.get("sent")), since)
        described = self._described(said, stored)
        for n, record, counted in self._counted(said, arrival, described):
            self._compare(n, record, counted, stored.pop(n, None), where, described is None)
        for n in stored:
            self._broken(f"{where}, record {n}", "nothing was measured there")

    def _none_derived(self, stored: dict[int, Line], where: str) -> None:
        for n in stored:
            self._broken(f"{where}, record {n}", "its batch was not rated")

    def _described(self, said: Line, stored: dict[int, Line]) -> Described | None:
        """The inventory that the site knew when it rated: it may have come later."""
        if any("no_inventory" in row["flags"] for row in stored.values()):
            return None
        return self.books.described.get((self.node, str(said.get("inv"))))

    def _counted(
        self, said: Line, arrival: Arrival, described: Described | None
    ) -> Iterator[tuple[int, Line, Counted | None]]:
        for record in said.get("records", ()):
            if record.get("k") not in KINDS:
                continue
            name = record.get("m")
            if not isinstance(name, str):
                raise Malformed("a record names no meter")
            knew = self.is_whole or name in self.known
            counted = self._one(name, record, arrival, described or {})
            self.known.add(name)
            yield record["n"], record, counted if knew else None

    def _one(self, name: str, record: Line, arrival: Arrival, described: Described) -> Counted:
        last, limits = self.last.get(name), described.get(name, Limits())
        span = span_of(record, arrival, last)
        if self.books.kinds.setdefault((self.node, name), record["k"]) != record["k"]:
            return Counted("baseline", 0, span, ("wrong_kind",))
        is_counter = record["k"] == "counter"
        counted = (counter if is_counter else gauge)(record, last, limits, span)
        known: int | None = counted.span.ends
        if counted.span.is_inferred:
            known = None if last is None else last.known
        value = number(record, "r1" if is_counter else "v")
        self.last[name] = Last(record.get("inc", "") if is_counter else "", value, known)
        return counted

    def _compare(
        self, n: int, record: Line, counted: Counted | None, row: Line | None, where: str,
        undescribed: bool,
    ) -> None:  # fmt: skip
        place = f"{where}, record {n}"
        if counted is None:
            self.books.unknown += 1
            return
        if row is None:
            if self.books.whole and not self._is_others(record["m"]):
                self._broken(place, "the site made nothing of it")
            return
        flags = {*counted.span.flags, *counted.flags, *(("no_inventory",) if undescribed else ())}
        self._differs(place, "meter", row["meter"], record["m"])
        self._differs(place, "rule", row["rule"], counted.rule)
        self._differs(place, "quantity", int(row["quantity"]), counted.quantity)
        self._differs(place, "flags", set(row["flags"]), flags)
        stored = Span(instant(row["begins_at"]) or 0, instant(row["ends_at"]) or 0)
        self._differs(place, "span", stored, Span(counted.span.begins, counted.span.ends))
        if (row["state"] == "held") != ("over_capacity" in flags) and row["assignment"]:
            self._broken(place, f"it is {row['state']}")

    def _is_others(self, meter: str) -> bool:
        """In a member's folder, whether a meter is none of theirs: its readings are not here."""
        return self.books.is_members and not any(
            (row["node"], row["meter"]) == (self.node, meter)
            for row in self.books.assignments.values()
        )

    def _differs(self, place: str, name: str, stored: object, counted: object) -> None:
        if stored != counted:
            self._broken(place, f"its {name} is {stored}, counted anew {counted}")

    def _broken(self, place: str, what: str) -> None:
        self.books.report.broken("readings", f"{place}: {what}")

    def _assigned(self, row: Line, place: str) -> None:
        """Whether a reading counts for the one assignment that covers it."""
        begins, ends = row["begins_at"], row["ends_at"]
        found = [
            pk for pk, a in self.books.assignments.items()
            if (a["node"], a["meter"]) == (self.node, row["meter"])
            and a["since"] <= begins and (a["until"] is None or ends <= a["until"])
        ]  # fmt: skip
        wanted = found[0] if found else None
        if row["assignment"] != wanted:
            said = f"it counts for assignment {row['assignment']}, should for {wanted}"
            self.books.report.broken("assigned", f"{place}: {said}")
