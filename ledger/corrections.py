"""Corrections: what was booked wrongly is taken back and booked again, each citing the other.

Nothing is changed: one batch books the exact opposite of a transaction, which counts when that
one counted, and what should have been booked instead. The reversal cites the original by
`reverses`, the replacement by its source and key, "correction" and "NUMBER:replacement"; the log
covers both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.transaction import atomic
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.asof import BeforeTheCut
from ledger.errors import DomainError, KeyConflict
from ledger.models import Account, Entry, Transaction
from ledger.services import Leg, Posting, actor_name, merge, post_many

SOURCE = "correction"
REVERSAL, REPLACEMENT = ":reversal", ":replacement"
BY_HAND = ("cash:operating", "cash:reserve", "backing", "expense", "replacement_reserve")
"""kinds of account in money that a corrected entry by hand may move: nothing else rests on them"""


class NotCorrectable(DomainError):
    """Rows of other apps rest on this transaction; the text says what to do instead."""

    code = "not_correctable"
    status = 409
    text = _("A reversal is never corrected: correct what was booked in its place.")


class AlreadyReversed(DomainError):
    """The transaction was taken back before."""

    code = "already_reversed"
    status = 409
    text = _("This was taken back already. Correct what was booked in its place.")


class NothingChanges(DomainError):
    """The correction says what is booked already."""

    code = "nothing_changes"
    text = _("This is what is booked already. Change the time or an amount.")


class NotYet(DomainError):
    """A correction cannot count from a moment that has not come."""

    code = "not_yet"
    text = _("It cannot count from a moment that has not come yet.")


class NotByHand(DomainError):
    """The new entries move an account that other things rest on."""

    code = "not_by_hand"
    text = _("Entries by hand move cash, costs, backing and reserves only.")


@dataclass(frozen=True)
class Rule:
    """What of a kind of transaction may be corrected, and what to do about the rest.

    The `moment` it counts from can be, where balances stay as they are; `amounts` where nothing
    outside the ledger rests on them.
    """

    instead: str | Promise
    moment: bool = False
    amounts: bool = False


@dataclass(frozen=True)
class Corrected:
    """The numbers of what a correction booked; no replacement where only a reversal was due."""

    reversal: int
    replacement: int | None


_PAID = _("A charge and its payment rest on these amounts. What was paid too much is paid back.")
_ASSET = _("An asset and its shares rest on these amounts. Place what is missing as an asset.")
_COST = _("The rates of a period rest on this. Enter the difference as a cost of the open period.")
_TITLE = _("A signed title rests on this: it is ended and issued anew, never rebooked.")
_USAGE = _("Correct the usage itself, with a reason; what it costs follows by itself.")
_GIFT = _("Both members agreed to this gift. The receiver can give the tokens back.")
_MARKET = _("Both sides of an auction rest on this. It cannot be taken back.")
_CLOSE = _("This belongs to the close of a period. Put right in the open period what is wrong.")
_UNKNOWN = _("It is not known what rests on this kind of transaction, so it is not corrected.")

RULES = {
    "journal entry": Rule("", moment=True, amounts=True),
    "payment": Rule(_PAID, moment=True),
    "profit paid": Rule(_PAID, moment=True),
    "asset placed": Rule(_ASSET, moment=True),
    "cost of the period": Rule(_COST, moment=True),
    "units bought": Rule(_TITLE),
    "founding units": Rule(_TITLE),
    "credit converted": Rule(_TITLE),
    "usage rated": Rule(_USAGE),
    "tokens given": Rule(_GIFT),
    "auction cleared": Rule(_MARKET),
    "tokens issued": Rule(_CLOSE),
    "overage matched with surplus": Rule(_CLOSE),
    "provisional charges taken back": Rule(_CLOSE),
    "period charged": Rule(_CLOSE),
    "tokens expired": Rule(_CLOSE),
}
"""kind of transaction → what may be corrected; another kind is not"""


def rule_of(txn: Transaction) -> Rule:
    """What of a transaction may be corrected."""
    if txn.reverses_id:
        return Rule(NotCorrectable.text)
    return RULES.get(txn.kind, Rule(_UNKNOWN))


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


def replacements(txns: Iterable[int]) -> dict[int, int]:
    """What was booked in the place of transactions, by number; those that stand are left out."""
    keys = {f"{txn}{REPLACEMENT}": txn for txn in txns}
    found = Transaction.objects.filter(source=SOURCE, key__in=keys)
    return {keys[key]: pk for key, pk in found.values_list("key", "pk")}


def replaced_by(txn: Transaction) -> int | None:
    """The number of what was booked in a transaction's place."""
    return replacements([txn.pk]).get(txn.pk)


def replaces(txn: Transaction) -> int | None:
    """The number of the transaction in whose place this one was booked."""
    if txn.source != SOURCE or not txn.key.endswith(REPLACEMENT):
        return None
    return int(txn.key.removesuffix(REPLACEMENT))


def reversed_by(txn: Transaction) -> int | None:
    """The number of the transaction that took this one back."""
    found: Transaction | None = getattr(txn, "reversed_by", None)
    return None if found is None else found.pk
