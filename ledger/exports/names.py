"""Names in beancount's grammar: different accounts and commodities never share one.

An account's name is its class, what is counted where that is not the cooperative's money, its
kind, and its owner. Text becomes a component by rules that can be undone: a capital letter inside
is an underscore and the small letter, "-" and a capital is a colon and the small letter, and `Q`
with six digits is any other character by its code point. `--` never comes out of these rules, so
what the rules did not make is marked with it.
"""

import re

from django.conf import settings

from ledger.access import PERSON, Reader, pseudonym
from ledger.chart import PERSON as PLACED
from ledger.chart import Category, place_of
from ledger.models import Account, Commodity

LONGEST_SYMBOL = 24
PIECE = re.compile(
    r":(?P<after_colon>[a-pr-z])|_(?P<after_line>[a-pr-z])|-(?=[a-z0-9])|[a-z0-9]|(?P<other>.)",
    re.DOTALL,
)
PLAIN_MONEY = re.compile(r"[A-Z][A-Z0-9]{1,22}")
ROOTS = {
    Category.ASSET: ("Assets",),
    Category.LIABILITY: ("Liabilities",),
    Category.EQUITY: ("Equity",),
    Category.INCOME: ("Income",),
    Category.EXPENSE: ("Expenses",),
}
OUTSIDE = ("Equity", "Unclassified")
"""where money stands whose kind the chart does not place"""
COUNTED = {"unit": ("S", "Shares", 2), "token": ("T", "Tokens", 4)}
"""kind of commodity → first letter of its symbol, component, parts of a code of the usual form"""


def symbol(commodity: Commodity) -> str:
    """A commodity's name: "EUR", "S-BACKBONE_2", "T-BACKB-BANDW-2026-06_3"; at most 24 long."""
    if commodity.kind == Commodity.Kind.MONEY and PLAIN_MONEY.fullmatch(commodity.code):
        return commodity.code
    letter = COUNTED.get(commodity.kind, ("M", "", 0))[0]
    told = commodity.code.upper().split(":")
    words = [re.sub(r"[^A-Z0-9-]", "", word) for word in told[1:] or told]
    end = f"_{commodity.pk}"
    return "-".join([letter, *_shortened(words, LONGEST_SYMBOL - len(end) - 1)]) + end


def _shortened(words: list[str], room: int) -> list[str]:
    """Words that fit with a hyphen before each; the last one, a period's name, is cut last."""
    words = [word for word in words if word]
    while sum(len(word) + 1 for word in words) > room:
        front = [n for n, word in enumerate(words[:-1]) if len(word) > 2]
        longest = max(front or range(len(words)), key=lambda n: len(words[n]))
        words[longest] = words[longest][:-1]
        words = [word for word in words if word]
    return [word.strip("-") or "0" for word in words]


def account_name(account: Account, reader: Reader) -> str:
    """An account's name, its owner as this reader may see it.

    One with an owner who may not be named ends with the account's number, since two pseudonyms
    could be the same.
    """
    parts = [*_counted(account), component(account.kind), *_owner(account, reader)]
    return ":".join(parts)


def _counted(account: Account) -> tuple[str, ...]:
    commodity = account.commodity
    if commodity.kind in COUNTED:
        return ("Equity", *_code(commodity))
    root = ROOTS.get(place_of(account.kind).category, OUTSIDE)
    if commodity.code == settings.COOP_CURRENCY:
        return root
    plain = PLAIN_MONEY.fullmatch(commodity.code)
    return (*root, f"Money--{commodity.code}" if plain else f"Code--{component(commodity.code)}")


def _code(commodity: Commodity) -> tuple[str, ...]:
    _letter, word, usual = COUNTED[commodity.kind]
    parts = commodity.code.split(":", usual - 1)
    if len(parts) == usual and parts[0] == commodity.kind:
        return (word, *(component(part) for part in parts[1:]))
    return (word, f"Code--{component(commodity.code)}")


def _owner(account: Account, reader: Reader) -> list[str]:
    """The owner, part by part."""
    owner = account.owner
    if all(reader.may_name(found.group(0)) for found in PERSON.finditer(owner)):
        return _parts(owner, reader)
    usual = PERSON.sub("", PLACED.sub("", owner)) == PLACED.sub("", owner)
    shown = _parts(owner, reader) if usual else [f"Holder--{pseudonym(owner)}"]
    return [*shown, str(account.pk)]


def _parts(owner: str, reader: Reader) -> list[str]:
    parts, made = owner.split("/") if owner else [], []
    while parts:
        if parts[0] == "member" and len(parts) > 1 and parts[1].isdecimal():
            made += _person(reader, "/".join(parts[:2]))
            parts = parts[2:]
        else:
            made.append(component(parts.pop(0)))
    return made


def _person(reader: Reader, person: str) -> list[str]:
    if not reader.may_name(person):
        return [f"Holder--{pseudonym(person)}"]
    number = reader.numbers.get(person)
    if number is None:
        return [f"Unnumbered--{component(person.partition('/')[2])}"]
    return ["Member", str(number)]


def component(text: str) -> str:
    """Text as one part of an account's name: "equity_credit" → "EquityCredit"."""
    if not text:
        return "Q"
    head, tail = text[0], text[1:]
    plain = re.fullmatch(r"[a-pr-z0-9]", head)
    return (head.upper() if plain else _escaped(head)) + PIECE.sub(_piece, tail)


def _piece(found: re.Match[str]) -> str:
    if found["after_colon"]:
        return f"-{found['after_colon'].upper()}"
    if found["after_line"]:
        return found["after_line"].upper()
    return _escaped(found["other"]) if found["other"] else found[0]


def _escaped(character: str) -> str:
    return f"Q{ord(character):06x}"
