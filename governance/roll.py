"""Freezing who may vote: one statement reads members and holdings, so both are of one moment."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import connection

from governance import board, clock
from governance.methods import lot
from governance.models import Chamber, Proposal, RollRow
from governance.terms import OWNERS, USERS, Terms

BATCH = 2000
NOTICE_TO_ALL = """
INSERT INTO governance_delivery (proposal_id, version, member_id, at)
SELECT %s, %s, id, now() FROM members_member WHERE state = 'active'"""
ELIGIBLE = """
SELECT m.id, coalesce(h.units, 0), (SELECT coalesce(max(id), 0) FROM ledger_transaction)
FROM governance_delivery d
JOIN members_member m ON m.id = d.member_id AND m.state = 'active'
LEFT JOIN (
  SELECT a.owner, sum(b.amount)::bigint AS units
  FROM ledger_account a
  JOIN ledger_commodity c ON c.id = a.commodity_id AND c.kind = 'unit'
  JOIN ledger_balance b ON b.account_id = a.id
  WHERE a.kind = 'holding' GROUP BY a.owner
) h ON h.owner = 'member/' || m.id
WHERE d.proposal_id = %s AND d.version = %s"""


@dataclass(frozen=True)
class Voter:
    """Somebody who may vote: their pseudonym in this vote, the units they hold, what they weigh."""

    member_id: int
    pseudonym: str
    units: int
    weight: int = 1


def give_notice(proposal: Proposal) -> int:
    """Note every active member as told of this version; returns how many.

    Call inside a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(NOTICE_TO_ALL, [proposal.pk, proposal.version])
        told: int = cursor.rowcount
        return told


def freeze(proposal: Proposal, terms: Terms) -> list[Chamber]:
    """The chambers and rolls of a vote as of now. Call inside a transaction, under its lock.

    Eligible is who was active at notice and is active now (R7); in the owners' chamber also who
    holds units of any pool. Everybody weighs one, or owners their shares (R9). The users' roll is
    always frozen: where they do not vote it is what their objections are measured by (R10).
    """
    voters, ledger_txn = eligible(proposal)
    voting = voting_chambers(proposal, terms)
    lot.commit(proposal)
    return [
        freeze_chamber(
            proposal,
            name,
            place,
            weighed(name, members_of(name, voters), terms),
            ledger_txn,
            votes=name in voting,
        )
        for place, name in enumerate(voting if USERS in voting else (*voting, USERS))
    ]


def voting_chambers(proposal: Proposal, terms: Terms) -> tuple[str, ...]:
    """The chambers of the terms, and the users' where objections called it in (R10)."""
    if proposal.called_in and USERS not in terms.chambers:
        return (USERS, *terms.chambers)
    return terms.chambers


def eligible(proposal: Proposal) -> tuple[list[Voter], int]:
    """Who may vote, in no promised order, and the newest transaction then seen."""
    with connection.cursor() as cursor:
        cursor.execute(ELIGIBLE, [proposal.pk, proposal.version])
        rows = cursor.fetchall()
    voters = [Voter(member, secrets.token_hex(16), units) for member, units, _txn in rows]
    return voters, rows[0][2] if rows else 0


def members_of(chamber: str, voters: Iterable[Voter]) -> list[Voter]:
    """The voters of one chamber."""
    return [voter for voter in voters if chamber != OWNERS or voter.units > 0]


def weighed(chamber: str, voters: list[Voter], terms: Terms) -> list[Voter]:
    """The voters with their weights: one, or in the owners' chamber their shares, capped (R9).

    The cap is a part of all shares before anything is capped, cut off, and at least one.
    """
    cap = terms.owner_cap
    if cap is None or chamber != OWNERS:
        return voters
    most = max(1, cap.num * sum(voter.units for voter in voters) // cap.den)
    return [replace(voter, weight=min(voter.units, most)) for voter in voters]


def shuffled(voters: Iterable[Voter]) -> list[Voter]:
    """The voters in an order that nobody can guess or repeat.

    Rolls are public for ever: a place in one must not lead back to a place in the register.
    """
    order = list(voters)
    secrets.SystemRandom().shuffle(order)
    return order


def freeze_chamber(
    proposal: Proposal, name: str, position: int, voters: list[Voter], ledger_txn: int,
    *, votes: bool = True,
) -> Chamber:  # fmt: skip
    """One chamber with its roll, in an order of its own."""
    places = enumerate(shuffled(voters), start=1)
    rows = [row_of(proposal.pk, name, place, voter) for place, voter in places]
    chamber = Chamber.objects.create(
        proposal=proposal,
        name=name,
        position=position,
        votes=votes,
        heads=len(rows),
        weight=sum(row.weight for row in rows),
        root=board.merkle_root([row.leaf for row in rows]),
        ledger_txn=ledger_txn,
        frozen_at=clock.now(),
    )
    for row in rows:
        row.chamber = chamber
    RollRow.objects.bulk_create(rows, batch_size=BATCH)
    return chamber


def row_of(proposal_id: int, chamber: str, place: int, voter: Voter) -> RollRow:
    """A voter at a place of a roll, not saved."""
    return RollRow(
        member_id=voter.member_id,
        position=place,
        voter=voter.pseudonym,
        weight=voter.weight,
        units=voter.units,
        leaf=leaf_of(proposal_id, chamber, place, voter),
    )


def leaf_of(proposal_id: int, chamber: str, place: int, voter: Voter) -> str:
    row = {"position": place, "voter": voter.pseudonym, "weight": voter.weight}
    return board.roll_leaf(board.roll_document(proposal_id, chamber, row))
