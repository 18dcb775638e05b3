"""Amounts, days and references as text; never guessed, never rounded."""

import re
from datetime import date
from itertools import islice

from stdnum import iso11649

from bank.files.problem import Problem, Why

AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,5}))?")
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:$|T|Z|[+-][0-9]{2}:[0-9]{2}$)")
EARLIEST = date(1970, 1, 1)
REFERENCE = re.compile(r"(?<![A-Z0-9])RF(?=( ?[0-9]{2}(?: ?[A-Z0-9]){1,21}))")
CHECKED = 2000
"""characters of free text that are searched"""
MOST_FOUND = 20
SHORTEST, LONGEST = 5, 25
SPACES = re.compile(r"\s+")


def cents(text: str, place: str) -> int:
    """Cents of a decimal with a point; raises Problem, also for a part of a cent."""
    found = AMOUNT.fullmatch(text.strip())
    decimals = (found.group(2) or "").rstrip("0") if found else ""
    if found is None or len(decimals) > 2:
        raise Problem(Why.BAD_AMOUNT, place, found=text[:40])
    return int(found.group(1)) * 100 + int(decimals.ljust(2, "0") or 0)


def day(text: str, place: str) -> date:
    """The day of an ISO date or date and time; raises Problem."""
    found = DAY.match(text.strip())
    try:
        there = date(*map(int, found.groups())) if found else None
    except ValueError:
        there = None
    if there is None or there < EARLIEST:
        raise Problem(Why.BAD_DATE, place, found=text[:40])
    return there


def one_line(text: str, most: int) -> str:
    """Text without line breaks, control characters and double spaces, cut to a length."""
    printable = "".join(c if c.isprintable() else " " for c in text[: most * 4])
    return SPACES.sub(" ", printable).strip()[:most]


def reference(text: str) -> str:
    """A structured reference in its compact form; "" where its check digits are wrong."""
    try:
        return str(iso11649.validate(text))[:LONGEST] if text.isascii() else ""
    except Exception:  # the library refuses in several ways, all of them mean: no reference
        return ""


def references_in(text: str) -> tuple[str, ...]:
    """Every reference with right check digits that a free text may hold, longest first.

    People write spaces into references and words behind them; so every beginning of what follows
    RF is tried. Which of them is ours, the register of charges knows.
    """
    found: dict[str, None] = {}
    for match in islice(REFERENCE.finditer(text[:CHECKED].upper()), MOST_FOUND):
        run = "RF" + match.group(1).replace(" ", "")
        for length in range(min(len(run), LONGEST), SHORTEST - 1, -1):
            checked = reference(run[:length])
            if checked:
                found[checked] = None
    return tuple(islice(found, MOST_FOUND))
