"""The books as JSON Lines: one object a line, described by docs/trade-export.schema.json."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from ledger.access import Reader
from ledger.chart import place_of
from ledger.exports.asked import Asked
from ledger.exports.rows import Fact, Held, commodities, facts, held
from ledger.exports.words import decimal, instant, owner_text
from ledger.letterhead import letterhead
from ledger.models import Commodity, Entry
from ledger.reading import one_snapshot

FORMAT = "coop-trade/1"


def json_lines(asked: Asked) -> Iterator[str]:
    """The file, a line at a time; the last one says that it is whole. Raises BeforeTheCut."""
    asked = asked.kept()
    transactions = entries = 0
    with one_snapshot():
        yield line(_books(asked))
        for commodity in commodities():
            yield line(_commodity(commodity))
        for row in held(asked):
            yield line(_account(row, asked.reader))
        for fact in facts(asked):
            transactions, entries = transactions + 1, entries + len(fact.entries)
            yield line(_transaction(fact, asked.reader))
    yield line({"type": "end", "transactions": transactions, "entries": entries})


def line(value: dict[str, Any]) -> str:
    """One object as one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _books(asked: Asked) -> dict[str, Any]:
    return {
        "type": "books",
        "format": FORMAT,
        "cooperative": letterhead().cooperative,
        "currency": settings.COOP_CURRENCY,
        "first": _day(asked.first),
        "last": _day(asked.last),
        "exported_at": instant(timezone.now()),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _commodity(row: Commodity) -> dict[str, Any]:
    return {"type": "commodity", "code": row.code, "kind": row.kind, "exponent": row.exponent}


def _account(row: Held, reader: Reader) -> dict[str, Any]:
    account, place = row.account, place_of(row.account.kind)
    return {
        "type": "account",
        "id": account.pk,
        "commodity": account.commodity.code,
        "kind": account.kind,
        "owner": owner_text(reader, account.owner),
        "number": place.number,
        "class": place.category.name.lower(),
        "opening": row.opening,
        "closing": row.closing,
    }


def _transaction(fact: Fact, reader: Reader) -> dict[str, Any]:
    txn, named = fact.txn, reader.may_name_all(fact.owners)
    return {
        "type": "transaction",
        "id": txn.pk,
        "kind": txn.kind,
        "about": reader.matter(txn.about, fact.owners),
        "memo": txn.memo if named else None,
        "actor": txn.actor if reader.sees_all else None,
        "source": txn.source if reader.sees_all else None,
        "key": txn.key if reader.sees_all else None,
        "effective_at": instant(txn.effective_at),
        "recorded_at": instant(txn.recorded_at),
        "reverses": txn.reverses_id,
        "reversed_by": fact.reversed_by,
        "replaces": fact.replaces,
        "replaced_by": fact.replaced_by,
        "entries": [_entry(entry) for entry in fact.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    commodity = entry.account.commodity
    return {
        "account": entry.account_id,
        "version": entry.version,
        "amount": entry.amount,
        "decimal": decimal(entry.amount, commodity.exponent),
        "commodity": commodity.code,
    }
