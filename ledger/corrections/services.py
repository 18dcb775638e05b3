"""Corrections: what was booked wrongly is taken back and booked again, each citing the other.

Nothing is changed: one batch books the exact opposite of a transaction, which counts when that
one counted, and what should have been booked instead. The reversal cites the original by
`reverses`, the replacement by its source and key, "correction" and "NUMBER:replacement"; the log
covers both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.transaction import atomic
from django.utils import timezone

from ledger.asof import BeforeTheCut
from ledger.corrections.errors import (
    NotByHand,
    NotCorrectable,
    NothingChanges,
    NotYet,
)
from ledger.corrections.queries import REPLACEMENT, REVERSAL, SOURCE, replacements
from ledger.corrections.rules import BY_HAND, rule_of
from ledger.errors import AlreadyReversed, KeyConflict
from ledger.models import Account, Entry, Transaction
from ledger.services import Leg, Posting, actor_name, merge, post_many


@dataclass(frozen=True)
class Corrected:
    """The numbers of what a correction booked; no replacement where only a reversal was due."""

    reversal: int
    replacement: int | None


@atomic
def correct(
    *,
    txn_id: int,
    actor: AbstractBaseUser | None,
    memo: str,
    legs: Sequence[Leg] | None = None,
    effective_at: datetime | None = None,
) -> Corrected:
    """Take a transaction back and book in its place what should have been booked.

    `legs` left out are those of the original, an empty list books nothing in its place;
    `effective_at` left out is that of the original. A repeat gives the first result. Raises
    NotCorrectable, AlreadyReversed, NothingChanges, NotYet, NotByHand, BeforeTheCut, Unbalanced,
    InsufficientBalance, UnknownAccount, Transaction.DoesNotExist; then nothing is booked.
    """
    txn = Transaction.objects.select_for_update(no_key=True).get(pk=txn_id)
    postings = planned(txn, legs, effective_at)
    _require_first(txn, with_replacement=len(postings) > 1)
    named = [replace(p, actor=actor_name(actor), memo=memo) for p in postings]
    try:
        ids = post_many(named)
    except KeyConflict as conflict:
        raise AlreadyReversed from conflict
    return Corrected(ids[0], ids[1] if len(ids) > 1 else None)


def planned(
    txn: Transaction, legs: Sequence[Leg] | None, effective_at: datetime | None
) -> list[Posting]:
    """What a correction would book: the reversal, and the replacement if there is one.

    Raises as `correct` does, but does not ask for floors, nor whether it was reversed before.
    """
    booked = _legs_of(txn)
    given = booked if legs is None else [leg for leg in legs if leg.amount]
    moment = effective_at or txn.effective_at
    _require_allowed(txn, booked, given, moment)
    kind = f"reversal of {txn.kind}"[:40]
    back = [Leg(leg.account_id, -leg.amount) for leg in booked]
    reversal = _posting(txn, REVERSAL, kind, back, txn.effective_at)
    if not given:
        return [replace(reversal, reverses=txn.pk)]
    new = _posting(txn, REPLACEMENT, txn.kind, given, moment)
    return [replace(reversal, reverses=txn.pk), new]


def _posting(
    txn: Transaction, part: str, kind: str, legs: Sequence[Leg], moment: datetime
) -> Posting:
    return Posting(
        source=SOURCE,
        key=f"{txn.pk}{part}",
        kind=kind,
        legs=legs,
        about=txn.about,
        effective_at=moment,
    )


def _legs_of(txn: Transaction) -> list[Leg]:
    """The entries of a transaction; raises BeforeTheCut where they were detached."""
    found = Entry.objects.filter(txn_id=txn.pk, recorded_at=txn.recorded_at)
    rows = found.order_by("account_id", "version").values_list("account_id", "amount")
    if not rows:
        raise BeforeTheCut
    return [Leg(account, amount) for account, amount in rows]


def _require_allowed(
    txn: Transaction, booked: Sequence[Leg], given: Sequence[Leg], moment: datetime
) -> None:
    rule, same = rule_of(txn), merge(booked) == merge(given)
    if not (rule.amounts or (rule.moment and same)):
        raise NotCorrectable(rule.instead)
    if same and moment == txn.effective_at:
        raise NothingChanges
    if moment > timezone.now() and moment != txn.effective_at:
        raise NotYet
    _require_by_hand({leg.account_id for leg in given} - {leg.account_id for leg in booked})


def _require_by_hand(accounts: set[int]) -> None:
    """Refuse accounts that the original did not move and no entry by hand may."""
    if Account.objects.filter(pk__in=accounts).exclude(kind__in=BY_HAND).exists():
        raise NotByHand


def _require_first(txn: Transaction, *, with_replacement: bool) -> None:
    """Refuse what was reversed before, unless it looks like this very correction."""
    reversal = Transaction.objects.filter(reverses=txn).first()
    if reversal is None:
        return
    replaced = txn.pk in replacements([txn.pk])
    if reversal.source != SOURCE or replaced != with_replacement:
        raise AlreadyReversed
