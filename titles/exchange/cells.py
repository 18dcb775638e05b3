"""How a cell of the files is spelled: one exact way out, a few ways in. No database.

Money is a decimal with a point ("1250.00"), in the books it is cents. A moment is a day
("1998-04-01", midnight in the cooperative's time zone) or a full time in UTC.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

MOST = 10**15 - 1
MOST_NUMBER = 2**31 - 1
"""as far as members and titles can be numbered"""
MONEY = re.compile(r"(\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)
WHOLE = re.compile(r"\d{1,15}", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
NEVER = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
BREAKS = re.compile("[\t\n\r]")
EARLIEST, LATEST = date(1900, 1, 2), date(8999, 12, 30)
YES, NO = "yes", "no"
DAYS = 20_000
"""days of half a century: a register names the same ones again and again"""


class Unreadable(ValueError):
    """A cell that does not say what its column holds; the text tells what to write."""


@dataclass(frozen=True)
class Cell:
    """A kind of column: `read` takes the text (raises Unreadable), `write` gives it back.

    Spaces around the value belong to it only where it is `exact`.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    exact: bool = False


def whole(least: int = 0, most: int = MOST) -> Cell:
    """A whole number without a sign."""

    def read(text: str) -> int:
        if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
            words = {"least": least, "most": most}
            raise Unreadable(_("Write a whole number from %(least)s to %(most)s.") % words)
        return int(text)

    return Cell(read, str)


def text(most: int = 0, *, lines: bool = False) -> Cell:
    """Text of at most so many characters (0: any); over several lines where that is allowed."""

    def read(given: str) -> str:
        if NEVER.search(given) or (not lines and BREAKS.search(given)):
            raise Unreadable(_("Take out what is not a letter, a digit or a sign."))
        if most and len(given) > most:
            raise Unreadable(_("Write at most %(most)s characters.") % {"most": most})
        return given

    return Cell(read, str, exact=True)


def code(most: int) -> Cell:
    """A short name of letters, digits, dots, dashes and underscores."""

    def read(given: str) -> str:
        if not CODE.fullmatch(given) or len(given) > most:
            raise Unreadable(_("Write a short name of letters, digits and dashes."))
        return given

    return Cell(read, str)


def choice(words: Collection[str]) -> Cell:
    """One of some words."""

    def read(given: str) -> str:
        if given not in words:
            raise Unreadable(_("Write one of: %(words)s.") % {"words": ", ".join(words)})
        return given

    return Cell(read, str)


def optional(cell: Cell) -> Cell:
    """The same, or nothing at all (None)."""
    return Cell(
        lambda given: cell.read(given) if given else None,
        lambda value: "" if value is None else cell.write(value),
    )


def _read_money(given: str) -> int:
    found = MONEY.fullmatch(given)
    if not found:
        raise Unreadable(_("Write an amount like 1250.00, with a point and without a sign."))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _write_money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _read_day(given: str) -> date:
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise Unreadable(_("Write a day like 1998-04-01.")) from error
    if len(given) != len("1998-04-01") or not EARLIEST <= day <= LATEST:
        raise Unreadable(_("Write a day like 1998-04-01."))
    return day


@lru_cache(DAYS)
def _read_moment(given: str) -> datetime:
    if len(given) <= len("1998-04-01"):
        return timezone.make_aware(datetime.combine(_read_day(given), time()))
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise Unreadable(_("Write a day like 1998-04-01.")) from error
    if moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
        raise Unreadable(_("Write a day like 1998-04-01, or a time with its zone."))
    return moment.astimezone(UTC)


@lru_cache(DAYS)
def _write_moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    if local.time() == time() and _read_moment(local.date().isoformat()) == moment:
        return local.date().isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_flag(given: str) -> bool:
    if given not in (YES, NO):
        raise Unreadable(_("Write yes or no."))
    return given == YES


number = whole(1, MOST_NUMBER)
money = Cell(_read_money, _write_money)
day = Cell(_read_day, date.isoformat)
moment = Cell(_read_moment, _write_moment)
flag = Cell(_read_flag, lambda value: YES if value else NO)
