"""The books as a file for beancount 3, which `bean-check` accepts.

Every account is opened with its commodity; every transaction stands on the day on which it
counts; at the end the balance of every account is asserted, to the last digit.
"""

import re
from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from ledger.chart import place_of
from ledger.exports.asked import DAY, Asked
from ledger.exports.names import account_name, symbol
from ledger.exports.rows import Fact, Held, commodities, facts, held
from ledger.exports.words import decimal, instant, owner_text
from ledger.letterhead import letterhead
from ledger.models import Account, Commodity
from ledger.reading import one_snapshot

SINCE_EVER = "1970-01-01"
UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")


def beancount_lines(asked: Asked) -> Iterator[str]:
    """The file, some lines of text at a time. Raises BeforeTheCut."""
    asked = asked.kept()
    with one_snapshot():
        yield from _head(asked)
        end = asked.day_after()
        for row in held(asked):
            yield _account(row, asked, end)
        if asked.first:
            yield from _opening(asked, asked.first - DAY)
        for fact in facts(asked):
            yield _transaction(fact, asked)


def _head(asked: Asked) -> Iterator[str]:
    yield f'option "title" {quoted(letterhead().cooperative or "The books")}\n'
    yield f'option "operating_currency" "{settings.COOP_CURRENCY}"\n\n'
    for row in commodities():
        yield (
            f"{SINCE_EVER} commodity {symbol(row)}\n"
            f"  code: {quoted(row.code)}\n  kind: {quoted(row.kind)}\n"
            f"  exponent: {row.exponent}\n\n"
        )


def _account(row: Held, asked: Asked, end: date) -> str:
    """The account's opening, and what it holds in the end."""
    account, name = row.account, account_name(row.account, asked.reader)
    facts = {
        "number": place_of(account.kind).number,
        "account": account.pk,
        "kind": quoted(account.kind),
        "owner": quoted(owner_text(asked.reader, account.owner)),
    }
    lines = [f"{row.opened} open {name} {symbol(account.commodity)}", *_noted(facts)]
    zero = decimal(0, account.commodity.exponent)
    total = f"{decimal(row.closing, account.commodity.exponent)} ~ {zero}"
    return "\n".join([*lines, f"{end} balance {name} {total} {symbol(account.commodity)}\n\n"])


def _opening(asked: Asked, day: date) -> Iterator[str]:
    """What the accounts held before the first day, as one transaction of the day before."""
    rows = (row for row in held(asked) if row.opening)
    first = next(rows, None)
    if first is None:
        return
    yield f'{day} * "Opening balances" #opening-balances\n'
    yield _posting(first.account, first.opening, asked)
    for row in rows:
        yield _posting(row.account, row.opening, asked)
    yield "\n"


def _transaction(fact: Fact, asked: Asked) -> str:
    txn = fact.txn
    named = asked.reader.may_name_all(fact.owners)
    told = ": ".join(filter(None, (txn.kind, txn.memo if named else "")))
    lines = [f"{_day(fact)} * {quoted(told)} {_links(fact)}", *_noted(_about(fact, asked))]
    postings = (_posting(e.account, e.amount, asked) for e in fact.entries)
    return "\n".join([*lines, "".join(postings)]) + "\n"


def _day(fact: Fact) -> date:
    return timezone.localdate(fact.txn.effective_at)


def _links(fact: Fact) -> str:
    """One link for each number that it has to do with, and its kind as a tag."""
    numbers = [fact.txn.pk, fact.txn.reverses_id, fact.replaces]
    links = [f"^txn-{number}" for number in numbers if number]
    tag = slugify(fact.txn.kind)
    return " ".join([*links, *([f"#{tag}"] if tag else [])])


def _about(fact: Fact, asked: Asked) -> dict[str, object]:
    txn, matter = fact.txn, asked.reader.matter(fact.txn.about, fact.owners)
    by = {"actor": txn.actor, "source": txn.source, "key": txn.key}
    known = {"about": matter, **(by if asked.reader.sees_all else {})}
    return {
        "transaction": txn.pk,
        "effective_at": quoted(instant(txn.effective_at)),
        "recorded_at": quoted(instant(txn.recorded_at)),
        "reverses": txn.reverses_id,
        "reversed_by": fact.reversed_by,
        "replaces": fact.replaces,
        "replaced_by": fact.replaced_by,
        **{name: quoted(value) for name, value in known.items() if value},
    }


def _noted(facts: dict[str, object]) -> list[str]:
    return [f"  {name}: {value}" for name, value in facts.items() if value is not None]


def _posting(account: Account, amount: int, asked: Asked) -> str:
    commodity: Commodity = account.commodity
    number = decimal(amount, commodity.exponent)
    return f"  {account_name(account, asked.reader)}  {number} {symbol(commodity)}\n"


def quoted(text: str) -> str:
    """Text between quotation marks, on one line."""
    plain = UNSEEN.sub(" ", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
