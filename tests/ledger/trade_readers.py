"""Small independent readers of the exports: they know the formats and nothing of the code."""

import csv
import json
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from typing import Any

from beancount import loader
from beancount.core import data

Sums = dict[int, int]


def read_beancount(text: str) -> tuple[list[Any], dict[int, dict[str, Decimal]]]:
    """The directives, and what each account's postings sum to, by account number and symbol."""
    entries, errors, _options = loader.load_string(text, dedent=False)
    assert [error.message for error in errors] == []
    numbers = {e.account: int(e.meta["account"]) for e in entries if isinstance(e, data.Open)}
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else []:
            sums[numbers[posting.account]][posting.units.currency] += posting.units.number
    return entries, sums


def read_csv(text: str) -> list[dict[str, str]]:
    """The rows; an apostrophe at the beginning of a text is taken off."""
    rows = csv.DictReader(StringIO(text, newline=""))
    return [{key: value.removeprefix("'") for key, value in row.items()} for row in rows]


def csv_sums(text: str) -> Sums:
    """What the rows of each account sum to; the two ways to write a number agree."""
    sums: Sums = defaultdict(int)
    for row in read_csv(text):
        sums[int(row["account"])] += int(row["amount_minor"])
        scaled = Decimal(row["amount"]).scaleb(-Decimal(row["amount"]).as_tuple().exponent)
        assert int(scaled) == int(row["amount_minor"])
    return {account: amount for account, amount in sums.items() if amount}


def read_json(text: str) -> dict[str, list[dict[str, Any]]]:
    """The objects by their type; the file must say that it is whole."""
    found = defaultdict(list)
    for line in text.splitlines():
        value = json.loads(line)
        found[value["type"]].append(value)
    end = found["end"][0]
    assert end["transactions"] == len(found["transaction"])
    assert end["entries"] == sum(len(txn["entries"]) for txn in found["transaction"])
    return found


def json_sums(text: str) -> Sums:
    """What opening balances and entries of each account sum to."""
    found = read_json(text)
    sums: Sums = defaultdict(int)
    for account in found["account"]:
        sums[account["id"]] += account["opening"]
    for txn in found.get("transaction", []):
        for entry in txn["entries"]:
            sums[entry["account"]] += entry["amount"]
    return {account: amount for account, amount in sums.items() if amount}
