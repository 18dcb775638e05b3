"""Whose ballot counts for whom, found once, at the close, from the state of that moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from governance.counting.delegation import NOBODY, Caps, Resolution, resolve
from governance.delegations.in_force import Word, caps_of, words_for
from governance.models import Carried, Chamber, Proposal

BARRED, END = "barred", "end"
"""named somebody who is not on this roll; the way ends with somebody who did not vote"""
LOCK_NAME = "governance.delegations"
LOCK = f"SELECT pg_advisory_xact_lock(hashtext('{LOCK_NAME}'))"
ROLL = """
SELECT r.id, r.member_id, r.weight::text, b.member_id IS NOT NULL
FROM governance_rollrow r
LEFT JOIN (SELECT DISTINCT member_id FROM governance_ballot WHERE proposal_id = %s) b
  ON b.member_id = r.member_id
WHERE r.chamber_id = %s ORDER BY r.position"""
WRITE = """
INSERT INTO governance_carried (row_id, through_id, lost, directed)
SELECT of_row, through, why, bound::jsonb
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS t(of_row, through, why, bound)"""


@dataclass(frozen=True)
class Fate:
    """What becomes of one who cast no ballot but named somebody; rows are ids of the roll.

    `through` is the row whose ballot counts for them, or None: then `lost` says why.
    """

    row: int
    member: int
    through: int | None
    lost: str
    bound: str | None


@dataclass(frozen=True)
class Roll:
    """One chamber in the order of its roll, and who of it has cast a ballot."""

    rows: list[int]
    members: list[int]
    weights: list[int]
    voted: list[bool]


def resolve_at_close(proposal: Proposal) -> int:
    """The rows of `Carried` of a vote that is being closed, written once; how many are new.

    Reads what was in force just before the close and the ballots then cast, whenever it runs.
    Nothing is written for sealed votes (R12). Call inside a transaction, under the proposal's
    lock.
    """
    if proposal.closes_at is None or is_resolved(proposal):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LOCK)  # who gives or revokes now does it after the close
    fates = list(fates_at(proposal, proposal.closes_at))
    write(fates)
    return len(fates)


def is_resolved(proposal: Proposal) -> bool:
    """Whether nothing is left to resolve: it was done, or votes are not carried here."""
    done = Carried.objects.filter(row__chamber__proposal=proposal).exists()
    return done or proposal.ballot_kind == Proposal.BallotKind.SEALED


def fates_at(proposal: Proposal, at: datetime) -> Iterator[Fate]:
    """What would become of each who named somebody, chamber by chamber, if it closed then."""
    words = {word.giver: word for word in words_for(proposal, at)}
    if words:
        for chamber in proposal.chambers.filter(votes=True):
            yield from fates_in(proposal, chamber, words)


def fates_in(proposal: Proposal, chamber: Chamber, words: dict[int, Word]) -> Iterator[Fate]:
    """The fates in one chamber, in the order of its roll."""
    return fates_on(roll_of(chamber), words, caps_of(proposal))


def fates_on(roll: Roll, words: dict[int, Word], caps: Caps) -> Iterator[Fate]:
    """The fates on one roll; a pure function of who voted and who names whom."""
    named, early = named_in(roll, words)
    found = resolve(roll.voted, named, roll.weights, caps)
    for place, member in enumerate(roll.members):
        if not roll.voted[place] and member in words:
            yield fate_of(place, roll, found, early, words[member])


def fate_of(place: int, roll: Roll, found: Resolution, early: dict[int, str], word: Word) -> Fate:
    """One giver's fate. A binding answer goes with the holder's ballot, never without it."""
    through = found.speaker[place]
    lost = "" if through != NOBODY else early.get(place) or str(found.lost[place])
    return Fate(
        row=roll.rows[place],
        member=roll.members[place],
        through=None if through == NOBODY else roll.rows[through],
        lost=lost,
        bound=None if through == NOBODY else word.bound,
    )


def roll_of(chamber: Chamber) -> Roll:
    """The frozen roll with its corrections; weights are of any size."""
    with connection.cursor() as cursor:
        cursor.execute(ROLL, [chamber.proposal_id, chamber.pk])
        found = cursor.fetchall()
    return Roll(
        rows=[row for row, _member, _weight, _voted in found],
        members=[member for _row, member, _weight, _voted in found],
        weights=[int(weight) for _row, _member, weight, _voted in found],
        voted=[voted for _row, _member, _weight, voted in found],
    )


def named_in(roll: Roll, words: dict[int, Word]) -> tuple[list[int], dict[int, str]]:
    """Whom each place names, and why some ways end at their first step.

    A proxy is given to one person: it leads no further, and who named its giver is not led
    through it.
    """
    place_of = {member: place for place, member in enumerate(roll.members)}
    named, early = [NOBODY] * len(roll.rows), {}
    for place, member in enumerate(roll.members):
        word = words.get(member)
        if word is None or roll.voted[place]:
            continue
        holder = place_of.get(word.holder)
        if holder is None:
            early[place] = BARRED
        elif not roll.voted[holder] and (word.proxy or holds_proxy_only(words, word.holder)):
            early[place] = END
        else:
            named[place] = holder
    return named, early


def holds_proxy_only(words: dict[int, Word], member: int) -> bool:
    """Whether this member, instead of naming on, gave a proxy for themselves alone."""
    return member in words and words[member].proxy


def write(fates: list[Fate]) -> None:
    """Put the fates down, in one statement."""
    columns: tuple[Any, ...] = (
        [fate.row for fate in fates],
        [fate.through for fate in fates],
        [fate.lost for fate in fates],
        [fate.bound for fate in fates],
    )
    with connection.cursor() as cursor:
        cursor.execute(WRITE, columns)
