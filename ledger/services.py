"""Every write of the books goes through here, and from here through `ledger_post`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DataError, Error, IntegrityError, connection, transaction

from ledger.asof import BeforeTheCut
from ledger.errors import (
    AlreadyReversed,
    AmountTooLarge,
    DomainError,
    ImplausibleMoment,
    InsufficientBalance,
    KeyConflict,
    NotTheOpposite,
    Unbalanced,
    UnknownAccount,
)
from ledger.models import Account, Commodity, Document, Entry, Transaction

REFUSALS: dict[str, type[DomainError]] = {
    "ledger_balance_not_below_floor": InsufficientBalance,
    "ledger_entry_zero_sum": Unbalanced,
    "ledger_entry_known_account": UnknownAccount,
    "ledger_transaction_same_content": KeyConflict,
    "ledger_transaction_reversed_once": AlreadyReversed,
    "ledger_transaction_opposite": NotTheOpposite,
    "ledger_transaction_plausible_moment": ImplausibleMoment,
    "ledger_transaction_key_once": KeyConflict,
}
OUT_OF_RANGE = "22003"
"""PostgreSQL's code for a number that its type cannot hold"""
HEADS = {
    "source": "text",
    "key": "text",
    "kind": "text",
    "about": "text",
    "actor": "text",
    "memo": "text",
    "effective_at": "timestamptz",
    "reverses": "bigint",
}
"""what `ledger_post` takes of each transaction: field of Posting → type in the database"""
LEGS = {"n": "int", "account": "bigint", "amount": "bigint"}
ARGUMENTS = ", ".join(f"%s::{kind}[]" for kind in (*HEADS.values(), *LEGS.values()))
CALL = f"SELECT ledger_post({ARGUMENTS})"
CALL_ALONE = f"CALL ledger_post_alone({ARGUMENTS}, NULL)"


@dataclass(frozen=True)
class Leg:
    """One movement: an amount in the account's smallest unit, positive into it."""

    account_id: int
    amount: int


@dataclass(frozen=True)
class Posting:
    """A transaction to be booked: `source` and `key` together name it once for ever.

    An `effective_at` that is left out is the moment of posting.
    """

    source: str
    key: str
    kind: str
    legs: Sequence[Leg] = ()
    about: str = ""
    actor: str = ""
    memo: str = ""
    effective_at: datetime | None = None
    reverses: int | None = None


def actor_name(actor: AbstractBaseUser | None) -> str:
    """How the books name who did something."""
    return "system" if actor is None else f"user/{actor.pk}"


def ensure_commodity(*, code: str, kind: str, exponent: int) -> int:
    """The id of a commodity, made where it does not exist yet."""
    row, _ = Commodity.objects.get_or_create(
        code=code, defaults={"kind": kind, "exponent": exponent}
    )
    return row.pk


def open_account(*, commodity: str, kind: str, owner: str = "", floor: int | None = None) -> int:
    """The id of an account, opened where it does not exist yet.

    Raises UnknownAccount where the commodity does not exist.
    """
    known = Account.objects.filter(commodity__code=commodity, kind=kind, owner=owner)
    found = known.values_list("pk", flat=True).first()
    if found is not None:
        return found
    commodity_id = Commodity.objects.filter(code=commodity).values_list("pk", flat=True).first()
    if commodity_id is None:
        raise UnknownAccount
    row, _ = Account.objects.get_or_create(
        commodity_id=commodity_id, kind=kind, owner=owner, defaults={"floor": floor}
    )
    return row.pk


def post(posting: Posting) -> int:
    """Book one transaction and return its id; alone or inside a transaction.

    The same key with the same content gives the first id again. Raises Unbalanced,
    InsufficientBalance, KeyConflict, UnknownAccount, AmountTooLarge; then nothing is booked.
    """
    return post_many([posting])[0]


def post_many(postings: Sequence[Posting]) -> list[int]:
    """Book many transactions in one call, all or none; ids in the order given."""
    if not postings:
        return []
    if any(not any(leg.amount for leg in p.legs) for p in postings):
        raise Unbalanced
    legs = [
        (n, leg.account_id, leg.amount)
        for n, p in enumerate(postings, 1)
        for leg in sorted(p.legs, key=lambda leg: leg.account_id)
    ]
    columns = [*heads_of(postings), *([row[i] for row in legs] for i in range(3))]
    with refusals(), connection.cursor() as cursor:
        is_alone = connection.get_autocommit() and not connection.in_atomic_block
        cursor.execute(CALL_ALONE if is_alone else CALL, [array_of(column) for column in columns])
        ids: list[int] = cursor.fetchone()[0]
    return ids


def array_of(values: Iterable[object]) -> str:
    """An array as PostgreSQL writes it; the driver would take three times as long over a batch."""
    return "{" + ",".join(map(element, values)) + "}"


def element(value: object) -> str:
    """One element of such an array: an integer, a text, a time or nothing."""
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def heads_of(postings: Sequence[Posting]) -> list[list[Any]]:
    """The columns that `ledger_post` takes of the transactions themselves."""
    return [[getattr(p, name) for p in postings] for name in HEADS]


def post_set(
    postings: Sequence[Posting], *, legs: str, params: Mapping[str, Any], before: str = ""
) -> list[int | None]:
    """Book many entries in one statement: their legs come from a query.

    `legs` is SQL that gives (n, account, amount), n counting the postings from 1; the postings'
    own legs are not looked at. `before` is what the query reads FROM, written as for WITH; it may
    also change rows of other tables, in the same statement as the entries. A posting without an
    amount other than zero books nothing and has the id None. Call inside a transaction, with what
    the query reads locked.
    """
    heads = ", ".join(f"%(posting_{name})s::{kind}[]" for name, kind in HEADS.items())
    columns = ", ".join(f"array_agg({name}::{kind})" for name, kind in LEGS.items())
    sql = (
        f"WITH {before}{',' if before else ''} legs AS ({legs})"
        f" SELECT ledger_post({heads}, {columns})"
        " FROM legs WHERE amount <> 0 HAVING count(*) > 0"
    )
    named = dict(zip((f"posting_{name}" for name in HEADS), heads_of(postings), strict=True))
    with refusals(), connection.cursor() as cursor:
        cursor.execute(sql, {**params, **named})
        row = cursor.fetchone()
    return [None] * len(postings) if row is None else row[0]


def open_accounts(
    *,
    commodity: str,
    kind: str,
    owners: str,
    params: Sequence[Any],
    floor: int | None = None,
) -> None:
    """Open many accounts of one kind in one statement; those that exist stay as they are.

    `owners` is SQL that gives the owners' names. `floor` is the lowest balance that they may
    have, or None.
    """
    sql = (
        "INSERT INTO ledger_account (commodity_id, kind, owner, floor)"
        " SELECT DISTINCT c.id, %s, o.owner, %s::bigint"
        f" FROM ledger_commodity c, ({owners}) AS o(owner)"
        " WHERE c.code = %s AND NOT EXISTS (SELECT FROM ledger_account a WHERE"
        " a.commodity_id = c.id AND a.kind = %s AND a.owner = o.owner)"
        " ORDER BY o.owner ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind, floor, *params, commodity, kind])


def record_documents(documents: Sequence[tuple[str, bytes]]) -> None:
    """Have the log cover signed documents: a kind and a digest of 32 bytes for each.

    Call inside the database transaction that makes them. A digest that is there stays once.
    """
    Document.objects.bulk_create(
        [Document(kind=kind, digest=digest) for kind, digest in documents], ignore_conflicts=True
    )


class refusals:
    """Context in which the database's refusals of a posting become DomainErrors.

    Holds a savepoint, so that a transaction around it can go on. Outside of one the call of
    `ledger_post` is a transaction by itself, and nothing needs to be sent before and after it.
    """

    def __enter__(self) -> None:
        self.savepoint: AbstractContextManager[None] = (
            transaction.atomic() if connection.in_atomic_block else nullcontext()
        )
        self.savepoint.__enter__()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.savepoint.__exit__(kind, error, trace)  # type: ignore[arg-type]
        refusal = refusal_of(error) if isinstance(error, Error) else None
        if refusal is not None:
            raise refusal from error


def refusal_of(error: Error) -> type[DomainError] | None:
    """What the database's error means to who posts; None where it is no refusal."""
    if isinstance(error, IntegrityError):
        return REFUSALS.get(constraint_of(error))
    too_large = getattr(error.__cause__, "sqlstate", None) == OUT_OF_RANGE
    return AmountTooLarge if isinstance(error, DataError) and too_large else None


def constraint_of(error: Error) -> str:
    """The name of the constraint that refused, "" where there is none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def reverse(
    *, txn_id: int, source: str, key: str, actor: AbstractBaseUser | None, memo: str
) -> int:
    """Book the exact opposite of a transaction, citing it; call inside a transaction.

    Raises AlreadyReversed the second time, BeforeTheCut where its entries were put away.
    """
    original = Transaction.objects.get(pk=txn_id)
    legs = [
        Leg(account_id, -amount)
        for account_id, amount in Entry.objects.filter(
            txn_id=txn_id, recorded_at=original.recorded_at
        )
        .order_by("account_id", "version")
        .values_list("account_id", "amount")
    ]
    if not legs:
        raise BeforeTheCut
    return post(
        Posting(
            source=source,
            key=key,
            kind=f"reversal of {original.kind}"[:40],
            legs=legs,
            about=original.about,
            actor=actor_name(actor),
            memo=memo,
            effective_at=original.effective_at,
            reverses=txn_id,
        )
    )


def merge(legs: Iterable[Leg]) -> list[Leg]:
    """The same movements with one leg per account, zeros left out."""
    sums: dict[int, int] = {}
    for leg in legs:
        sums[leg.account_id] = sums.get(leg.account_id, 0) + leg.amount
    return [Leg(account_id, amount) for account_id, amount in sorted(sums.items()) if amount]
