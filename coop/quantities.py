"""What meters count, as people say it: "12.3 GB", "4.2 h of processor time". Integers only.

A number is rounded for the eye to three or four digits; where the exact one matters it stands
beside it, in the words of `exact_text`.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.amounts import NBSP, decimal_text, whole_text
from ledger.arithmetic import rhe

SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
DAY = 86_400
SECOND, MINUTE, HOUR = 10**6, 60 * 10**6, 3600 * 10**6


def quantity_text(kind: str, unit: str, number: int) -> str:
    """How much was used: bytes moved, bytes held over time, processor time, packets."""
    if kind == "gauge" and unit == "By":
        return "·".join([size_text(rhe(number, DAY)), _("day")])
    return value_text(unit, number)


def value_text(unit: str, number: int) -> str:
    """What a meter stands at; a unit that nobody knows is left out rather than spelled in code."""
    if unit == "By":
        return size_text(number)
    if unit == "us":
        return _("%(time)s of processor time") % {"time": time_text(number)}
    if unit == "{packet}":
        return ngettext("%(n)s packet", "%(n)s packets", number) % {"n": whole_text(number)}
    return whole_text(number)


def exact_text(raw_unit: str, number: int) -> str:
    """A raw quantity to the last digit, with its unit in words."""
    names = {
        "By": _("bytes"),
        "By.s": _("byte-seconds"),
        "us": _("core-microseconds"),
        "{packet}": _("packets"),
    }
    return f"{whole_text(number)} {names.get(raw_unit, '')}".strip()


def given_text(raw_unit: str, number: int) -> str:
    """What a node gave for a voucher, in the raw units of a record: By, By.s or us."""
    kind, unit = ("gauge", "By") if raw_unit == "By.s" else ("counter", raw_unit)
    return quantity_text(kind, unit, number)


def size_text(number: int) -> str:
    """Bytes in steps of a thousand."""
    step = 0
    while step + 1 < len(SIZES) and rhe(number, 1000**step) >= 1000:
        step += 1
    return f"{rounded(number, 1000**step)}{NBSP}{SIZES[step]}"


def time_text(microseconds: int) -> str:
    """A length of time in milliseconds, seconds, minutes or hours."""
    if microseconds < SECOND:
        return f"{rounded(microseconds, 1000)}{NBSP}ms"
    if microseconds < MINUTE:
        return f"{rounded(microseconds, SECOND)}{NBSP}s"
    if microseconds < HOUR:
        return f"{rounded(microseconds, MINUTE)}{NBSP}min"
    return f"{rounded(microseconds, HOUR)}{NBSP}h"


def rounded(number: int, unit: int) -> str:
    """`number / unit` with one decimal below a hundred, else none; half to even."""
    tenths = rhe(number * 10, unit)
    return decimal_text(tenths, 1, 0) if tenths < 1000 else whole_text(rhe(number, unit))
