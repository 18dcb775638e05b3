"""Statements into the books: a file whole or not at all, each line once."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format

from bank.errors import (
    BadFile,
    ForeignAccount,
    ForeignCurrency,
    FormsMixed,
    InTheFuture,
    NoAccount,
    StatementChanged,
)
from bank.files import camt, table
from bank.files.problem import Problem
from bank.files.shapes import Booked, Told
from bank.models import BankFile, Line, Statement, TableShape
from ledger.services import Leg, Posting, actor_name, post_many
from members.models import User
from members.queries import cooperative
from payments.accounts import money_accounts
from payments.services.funding import BANK, UNASSIGNED

SOURCE = "bank"
ONE_AT_A_TIME = 53_053
"""the advisory lock of imports, taken before all others (docs/locking.md)"""
NOON = time(12)


def import_file(
    *, data: bytes, name: str, actor: User | None, shape: TableShape | None = None
) -> BankFile:
    """Take a bank's file into the books: camt.053, or a table where its shape is given.

    In one transaction: its statements, its lines that no earlier file told, and for each of them
    its money at the bank, not assigned yet. The same file again gives the first import; an
    overlapping one adds what is new. Raises BadFile, NoAccount, ForeignAccount, ForeignCurrency,
    StatementChanged, FormsMixed, InTheFuture; then nothing is imported.
    """
    digest = sha256(data).hexdigest()
    before = BankFile.objects.filter(sha256=digest).first()
    if before is not None:
        return before
    told = read(data, shape)
    form = BankFile.Format.CSV if shape else BankFile.Format.CAMT
    file = BankFile(sha256=digest, name=name[:120], format=form, size=len(data), imported_by=actor)
    return _take(file, told)


def read(data: bytes, shape: TableShape | None = None) -> list[Told]:
    """What a file tells of our account; writes nothing. Raises what `import_file` raises."""
    ours = cooperative().iban.replace(" ", "").upper()
    if not ours:
        raise NoAccount
    try:
        told = _parse(data, shape, ours)
    except Problem as problem:
        raise BadFile(problem) from problem
    for statement in told:
        _require_ours(statement, ours)
    return told


def _parse(data: bytes, shape: TableShape | None, ours: str) -> list[Told]:
    if shape is None:
        return camt.read(data)
    columns = table.Columns(**shape.columns)
    return table.read(data, columns, iban=ours, currency=settings.COOP_CURRENCY)


def _require_ours(statement: Told, ours: str) -> None:
    if statement.iban != ours:
        raise ForeignAccount(iban=statement.iban)
    if statement.currency != settings.COOP_CURRENCY:
        raise ForeignCurrency(currency=statement.currency, ours=settings.COOP_CURRENCY)
    last = max((entry.booked_on for entry in statement.entries), default=date.min)
    if last > timezone.localdate():
        raise InTheFuture(day=date_format(last, "DATE_FORMAT"))


@transaction.atomic(durable=True)
def _take(file: BankFile, told: Sequence[Told]) -> BankFile:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    # Who imported the same file at the same moment has committed now.
    before = BankFile.objects.filter(sha256=file.sha256).first()
    if before is not None:
        return before
    fresh = [statement for statement in told if not _is_known(statement)]
    _require_one_form(fresh, file.format)
    named = _identities(fresh)
    known = set(
        Line.objects.filter(identity__in=[i for ids in named for i in ids]).values_list(
            "identity", flat=True
        )
    )
    file.entries = sum(len(statement.entries) for statement in told)
    file.added = sum(identity not in known for ids in named for identity in ids)
    file.save(force_insert=True)
    for statement, identities in zip(fresh, named, strict=True):
        _add(file, statement, identities, known)
    return file


def _is_known(told: Told) -> bool:
    """Whether this statement was imported; raises StatementChanged where it said something else."""
    before = Statement.objects.filter(
        iban=told.iban,
        identification=told.identification,
        begins=told.begins,
        opening=told.opening,
    ).first()
    if before is None:
        return False
    if (before.ends, before.total, before.entries) != (told.ends, told.total, len(told.entries)):
        raise StatementChanged(identification=told.identification)
    return True


def _require_one_form(told: Sequence[Told], form: str) -> None:
    for statement in told:
        other = (
            Statement.objects.filter(
                iban=statement.iban, begins__lte=statement.ends, ends__gte=statement.begins
            )
            .exclude(file__format=form)
            .select_related("file")
            .first()
        )
        if other is not None and statement.entries and other.entries:
            raise FormsMixed(form=other.file.get_format_display())


def _identities(told: Sequence[Told]) -> list[list[str]]:
    """A name for each line that every file which tells it gives it again.

    Lines that say the same of the same day are counted, so the second of two equal payments is a
    line of its own.
    """
    seen: Counter[str] = Counter()
    named = []
    for statement in told:
        identities = []
        for entry in statement.entries:
            content = _content(statement.iban, entry)
            seen[content] += 1
            identities.append(sha256(f"{content}#{seen[content]}".encode()).hexdigest())
        named.append(identities)
    return named


def _content(iban: str, entry: Booked) -> str:
    facts = [iban, entry.booked_on.isoformat(), entry.amount, entry.bank_ref, entry.end_to_end]
    if not entry.bank_ref:
        facts += [entry.text, entry.iban, *entry.references]
    return json.dumps(facts)


def _add(file: BankFile, told: Told, identities: Sequence[str], known: set[str]) -> None:
    fresh = [
        (place, entry, identity)
        for place, (entry, identity) in enumerate(zip(told.entries, identities, strict=True), 1)
        if identity not in known
    ]
    statement = Statement.objects.create(
        file=file,
        iban=told.iban,
        identification=told.identification,
        begins=told.begins,
        ends=told.ends,
        opening=told.opening,
        closing=told.closing,
        total=told.total,
        entries=len(told.entries),
        known=len(told.entries) - len(fresh),
        known_total=told.total - sum(entry.amount for _place, entry, _identity in fresh),
    )
    txn_ids = _book([(entry, identity) for _place, entry, identity in fresh], file.imported_by)
    Line.objects.bulk_create(
        _line(statement, place, entry, identity, txn_id)
        for (place, entry, identity), txn_id in zip(fresh, txn_ids, strict=True)
    )


def _line(statement: Statement, place: int, entry: Booked, identity: str, txn_id: int) -> Line:
    kept = replace(entry, references=())
    told = {name: getattr(kept, name) for name in kept.__dataclass_fields__ if name != "references"}
    return Line(
        statement=statement,
        place=place,
        identity=identity,
        arrival_txn_id=txn_id,
        references=list(entry.references),
        **told,
    )


def _book(lines: Sequence[tuple[Booked, str]], actor: User | None) -> list[int]:
    """The money of each line at the bank, and what it is for not known yet."""
    accounts = money_accounts([BANK, UNASSIGNED])
    return post_many(
        [
            Posting(
                source=SOURCE,
                key=f"line:{identity}",
                kind="bank line",
                legs=[Leg(accounts[BANK], e.amount), Leg(accounts[UNASSIGNED], -e.amount)],
                about=f"line:{identity[:16]}",
                actor=actor_name(actor),
                memo=e.references[0] if e.references else "",
                effective_at=_moment(e.booked_on),
            )
            for e, identity in lines
        ]
    )


def _moment(day: date) -> datetime | None:
    """When a line counts: at noon of its day, today's now."""
    return None if day >= timezone.localdate() else timezone.make_aware(datetime.combine(day, NOON))
