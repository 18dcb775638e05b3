"""What a decision comes to, by the rules as they are told (docs/governance.md, docs/counting.md).

Each chamber is counted by itself from single voters' answers; nothing here is taken from the site.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from coop_verify import elections
from coop_verify.elections import Lot

KEEP, USERS = "keep", "users"
WORDS = {"consent": "for", "object": "against"}
Share = Sequence[Any]


@dataclass(frozen=True)
class Spoken:
    """One voter's answer in a chamber, own or carried, and what it weighs."""

    answer: Any
    weight: int


@dataclass(frozen=True)
class Asked:
    """What was announced: how it is decided, between what, by which rules."""

    kind: str
    options: tuple[str, ...]
    seats: int
    terms: dict[str, Any]
    seed: str
    objections: int = 0
    users_alone: bool = False


@dataclass
class Room:
    """One chamber: who could vote, what was said, what it comes to."""

    name: str
    heads: int
    weight: int
    spoken: list[Spoken]
    yes: int = 0
    no: int = 0
    abstain: int = 0
    passed: bool = False
    winners: list[str] = field(default_factory=list)

    @property
    def took_part(self) -> int:
        """By weight."""
        return self.yes + self.no + self.abstain


def reaches(share: Share, part: int, whole: int) -> bool:
    """den·part > num·whole, or >= where the share is not strict."""
    num, den, strict = share
    return bool(den * part > num * whole if strict else den * part >= num * whole)


def decide(asked: Asked, rooms: list[Room]) -> tuple[bool, list[str]]:
    """Whether it is carried, and by which options; fills in the numbers of each chamber."""
    if asked.kind in ("motion", "consent"):
        return _in_words(asked, rooms), []
    for room in rooms:
        room.yes = sum(s.weight for s in room.spoken if s.answer)
        room.abstain = sum(s.weight for s in room.spoken if not s.answer)
    if asked.kind == "ranked":
        return _ranked(asked, rooms)
    return _elected(asked, rooms)


def _in_words(asked: Asked, rooms: list[Room]) -> bool:
    for room in rooms:
        for said in room.spoken:
            word = WORDS.get(str(said.answer), str(said.answer))
            room.yes += said.weight * (word == "for")
            room.no += said.weight * (word == "against")
            room.abstain += said.weight * (word == "abstain")
        if asked.kind == "consent" and not asked.objections:
            room.passed = room.yes > 0
        else:
            room.passed = _carries(asked, room, room.yes, room.no)
    if rooms and all(room.passed for room in rooms):
        return True
    as_motion = asked.kind == "motion" or asked.objections > 0
    return as_motion and asked.users_alone and _users_alone(asked, rooms)


def _carries(asked: Asked, room: Room, yes: int, no: int) -> bool:
    """R1, R3 (or the square root where it is agreed), R2."""
    terms = asked.terms
    if yes + no == 0 or not reaches(terms["support"], yes, yes + no):
        return False
    if asked.kind == "ranked" and terms.get("square_root"):
        if 4 * yes * yes < 9 * room.heads:
            return False
    elif not reaches(terms["approval"], yes, room.weight):
        return False
    return _enough_took_part(asked, room)


def _enough_took_part(asked: Asked, room: Room) -> bool:
    share = asked.terms.get("participation")
    return share is None or (
        reaches(share, room.took_part, room.weight) and reaches(share, len(room.spoken), room.heads)
    )


def _users_alone(asked: Asked, rooms: list[Room]) -> bool:
    """R11: users who reach their share protect a usage right against the owners."""
    for room in rooms:
        if room.name == USERS and len(rooms) > 1:
            return (
                room.yes + room.no > 0
                and reaches(asked.terms["users_alone"], room.yes, room.yes + room.no)
                and reaches(asked.terms["approval"], room.yes, room.weight)
            )
    return False


def _ballots(room: Room) -> Iterator[elections.Ballot]:
    for said in room.spoken:
        yield tuple(tuple(rank) for rank in said.answer), said.weight


def _ranked(asked: Asked, rooms: list[Room]) -> tuple[bool, list[str]]:
    """R4: who beats "keep" by R1 and R3 in every chamber; among those Schulze, users first."""
    pairs = {room.name: elections.pairwise(_ballots(room), asked.options) for room in rooms}
    accepted = [
        option
        for option in asked.options
        if option != KEEP
        and all(
            _carries(asked, room, pairs[room.name][option, KEEP], pairs[room.name][KEEP, option])
            for room in rooms
        )
    ]
    if not accepted or not rooms:
        return False, []
    deciding = next((room for room in rooms if room.name == USERS), rooms[0])
    running = [option for option in asked.options if option in accepted or option == KEEP]
    among = {p: n for p, n in pairs[deciding.name].items() if set(p) <= set(running)}
    unbeaten = elections.unbeaten(among, running)
    if KEEP in unbeaten:
        return False, []
    return True, [Lot(asked.seed).best(unbeaten)]


def _elected(asked: Asked, rooms: list[Room]) -> tuple[bool, list[str]]:
    """R5: the same winners in every chamber, R3 for each where answers are approved or scored."""
    for room in rooms:
        room.winners = _winners(asked, room) if room.yes and asked.options else []
        room.passed = bool(room.winners) and _enough_took_part(asked, room)
        if asked.kind in ("approval", "score"):
            room.passed &= all(_approved(asked, room, option) for option in room.winners)
    sets = [set(room.winners) for room in rooms]
    passed = bool(rooms) and all(room.passed for room in rooms) and all(s == sets[0] for s in sets)
    return passed, rooms[0].winners if passed else []


def _winners(asked: Asked, room: Room) -> list[str]:
    lot, seats = Lot(asked.seed), min(asked.seats, len(asked.options))
    if asked.kind == "score":
        tally = elections.score(((s.answer, s.weight) for s in room.spoken), asked.options)
        return elections.highest(tally, seats, lot)
    if asked.kind == "approval":
        named = [((tuple(s.answer),), s.weight) for s in room.spoken]
        return elections.highest(elections.approval(named, asked.options), seats, lot)
    if asked.kind == "irv":
        return elections.irv(list(_ballots(room)), asked.options, lot)
    return elections.stv(list(_ballots(room)), asked.options, seats, lot)


def _approved(asked: Asked, room: Room, option: str) -> bool:
    weight = sum(
        s.weight
        for s in room.spoken
        if (s.answer.get(option) if isinstance(s.answer, dict) else option in s.answer)
    )
    return reaches(asked.terms["approval"], weight, room.weight)
