"""What must hold at the end: the listed accounts, carried balances, units and tokens."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from coop_verify.bundle import Bundle
from coop_verify.canonical import Types, commitment, loads, shaped
from coop_verify.errors import Malformed
from coop_verify.forms import Document, Opens, read_opens
from coop_verify.replay import Account, Books, Carried, Held
from coop_verify.report import Report
from coop_verify.tree import Tree

BALANCES = "balances"
UNITS = {"created": -1, "treasury": 1, "holding": 1}
TOKENS = {
    "issue": -1, "unbacked": -1, "pool": 1, "own": 1, "received": 1, "redeemed": 1,
    "overage": 1, "expired": 1, "vouchers": 1, "suspense": 1, "suspended": -1,
}  # fmt: skip
"""Kinds of account → the sign of what they may hold."""
_SIGNS = {"unit": ("units", UNITS), "token": ("tokens", TOKENS)}
_LISTED: dict[str, Types] = {
    "account": int, "amount": int, "version": int, "floor": (int, type(None)), "holder": str,
}  # fmt: skip
_NOTHING = Account()


class Listed(NamedTuple):
    """An account as the cooperative keeps it. `owner` is the hash over owner and salt."""

    held: Held
    floor: int | None
    owner: bytes | None
    opens: Opens | None


def read_listing(report: Report, bundle: Bundle) -> dict[int, Listed]:
    """accounts.ndjson by account."""
    listing: dict[int, Listed] = {}
    last = -1
    for place, line in enumerate(bundle.lines("accounts"), 1):
        try:
            number, listed = _listed(loads(line), names_people=bundle.manifest.names_people)
        except Malformed as error:
            report.broken("kept", f"line {place} of accounts.ndjson: {error}")
            continue
        if number <= last:
            report.broken("kept", f"account {number} stands after {last} in accounts.ndjson")
        last = number
        listing[number] = listed
    return listing


def _listed(value: Any, *, names_people: bool) -> tuple[int, Listed]:
    keys = set(value) if isinstance(value, dict) else set()
    is_named = names_people or bool(keys & {"owner", "salt"})
    named = {"owner": str, "salt": str} if is_named else {}
    opened = {"opens": dict} if "opens" in keys else {}
    facts = shaped(value, {**_LISTED, **named, **opened})
    owner = commitment(owner=facts["owner"], salt=facts["salt"]) if is_named else None
    opens = read_opens(facts["opens"]) if opened else None
    held = facts["version"], facts["amount"]
    return facts["account"], Listed(held, facts["floor"], owner, opens)


def read_carried(report: Report, bundle: Bundle) -> tuple[Carried, bytes]:
    """carried.ndjson, and the root over its lines. The bundle must have a cut."""
    assert bundle.manifest.cut is not None
    held: dict[int, Held] = {}
    tree, last = Tree(), -1
    for place, line in enumerate(bundle.lines("carried"), 1):
        tree.add(line)
        try:
            facts = shaped(loads(line), {"account": int, "amount": int, "version": int})
        except Malformed as error:
            report.broken("carried", f"line {place} of carried.ndjson: {error}")
            continue
        if facts["account"] <= last or facts["version"] < 1:
            report.broken("carried", f"line {place} of carried.ndjson is out of order")
        last = facts["account"]
        held[last] = facts["version"], facts["amount"]
    return Carried(bundle.manifest.cut.through, held), tree.root()


def check_carried(report: Report, bundle: Bundle, root: bytes, document: Document | None) -> None:
    """The carried balances are those of the document in the log."""
    cut = bundle.manifest.cut
    assert cut is not None
    if document is None or document.kind != BALANCES:
        report.broken("carried", f"leaf {cut.leaf} is no document of balances")
    elif document.digest != root:
        report.broken("carried", f"leaf {cut.leaf} commits to other balances")
    elif document.recorded_at < cut.through:
        report.broken("carried", f"leaf {cut.leaf} is older than the moment that it describes")


def check_listing(report: Report, listing: Mapping[int, Listed], books: Books) -> None:
    """Every account is listed with what its entries sum to, its facts and its owner."""
    for number, listed in listing.items():
        _check_listed(report, number, listed, books)
    for number in books.accounts.keys() - listing.keys():
        report.broken("kept", f"account {number} has entries, but is not in accounts.ndjson")


def _check_listed(report: Report, number: int, listed: Listed, books: Books) -> None:
    account = books.accounts.get(number, _NOTHING)
    if listed.held != (account.version, account.amount):
        report.broken(
            "kept",
            f"account {number} is kept with {listed.held[1]} after {listed.held[0]} entries, but"
            f" they sum to {account.amount} after {account.version}",
        )
    if account.opens and listed.opens not in (None, account.opens):
        report.broken(
            "accounts", f"account {number} is listed with other facts than it opened with"
        )
    opens = account.opens or listed.opens
    if opens is None:
        report.broken("accounts", f"account {number} is listed, but was never opened")
        return
    if listed.opens:
        books.same_commodity(number, listed.opens)
    if listed.floor != opens.floor:
        report.broken(
            "floors",
            f"account {number} was opened with floor {opens.floor}, now it has {listed.floor}",
        )
    if listed.owner not in (None, opens.owner):
        report.broken("owners", f"account {number} was committed to another owner")


def check_conservation(report: Report, books: Books) -> None:
    """What was created is all there, nothing else is, and nobody holds less than nothing."""
    totals: dict[tuple[str, str], dict[str, int]] = {}
    for number, account in books.accounts.items():
        if account.opens is None or account.opens.commodity_kind not in _SIGNS:
            continue
        promise, signs = _SIGNS[account.opens.commodity_kind]
        _check_sign(report, promise, signs, number, account)
        kinds = totals.setdefault((promise, account.opens.commodity), {})
        kinds[account.opens.kind] = kinds.get(account.opens.kind, 0) + account.amount
    for (promise, code), kinds in totals.items():
        if sum(kinds.values()):
            parts = ", ".join(f"{kind} {amount}" for kind, amount in sorted(kinds.items()))
            report.broken(promise, f"{code}: {parts} do not add up to nothing")


def _check_sign(
    report: Report, promise: str, signs: Mapping[str, int], number: int, account: Account
) -> None:
    assert account.opens is not None
    sign = signs.get(account.opens.kind)
    if sign is None:
        report.broken(
            promise, f"account {number} is of kind {account.opens.kind}, which no {promise} have"
        )
    elif account.amount * sign < 0:
        report.broken(promise, f"account {number} ({account.opens.kind}) holds {account.amount}")
