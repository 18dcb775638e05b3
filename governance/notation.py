"""How people write and read the values of policy: one notation, shown and accepted alike.

`read(parameter, write(parameter, value)) == value` for every value of every parameter. What is
typed is understood in the reader's language and in English.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from governance import presenting
from governance.counting import Threshold
from payments.forms import cents_from, microcents_from
from policies.registry import DAY
from policies.shapes import Choice, Parameter

NUMBER = re.compile(r"[0-9]{1,19}")
AMOUNT = re.compile(r"([0-9]{1,19}) ?(\D+)")
PART = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})")
CENTS, MICROCENTS = 100, 10**8


class Unreadable(ValueError):
    """What was typed is no value of this kind."""


def write(parameter: Parameter, value: Any) -> str:
    """A value in words and numbers."""
    kind = parameter.kind
    if isinstance(kind, Choice):
        return str(kind.names.get(value, value))
    return _WRITERS.get(kind.unit, str)(value)


def read(parameter: Parameter, text: str) -> Any:
    """The value that a text means; its bounds are for `accepts` to judge. Raises Unreadable."""
    typed = plain(text)
    for language in (get_language(), "en"):
        with override(language), suppress(Unreadable, ValidationError):
            return _read(parameter, typed)
    raise Unreadable(text)


def plain(text: str) -> str:
    """Small letters, single spaces, no currency signs."""
    kept = "".join(sign for sign in text if unicodedata.category(sign) != "Sc")
    return " ".join(kept.split()).casefold()


def _read(parameter: Parameter, text: str) -> Any:
    kind = parameter.kind
    if isinstance(kind, Choice):
        return _one_of({plain(str(name)): code for code, name in kind.names.items()}, text)
    return _READERS.get(kind.unit, _whole)(text)


def _one_of(meanings: dict[str, Any], text: str) -> Any:
    if text not in meanings:
        raise Unreadable(text)
    return meanings[text]


def _whole(text: str) -> int:
    if NUMBER.fullmatch(text) is None:
        raise Unreadable(text)
    return int(text)


def _flag(text: str) -> bool:
    return bool(_one_of({plain(_("yes")): True, plain(_("no")): False}, text))


def _part(text: str) -> list[int]:
    found = PART.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return [int(number) for number in found.groups()]


def _band(text: str) -> list[int] | str:
    return "off" if text == plain(_("off")) else _part(text)


def _seconds(text: str) -> int:
    if text == plain(_("none")):
        return 0
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return int(found[1]) * int(_one_of(dict(_unit_words()), found[2]))


def _unit_words() -> Iterator[tuple[str, int]]:
    for size, unit in presenting.UNITS:
        for number in (1, 2):
            yield plain(presenting.unit_text(unit, number)).partition(" ")[2], size


def _days(text: str) -> int:
    if NUMBER.fullmatch(text):
        return int(text)
    days, rest = divmod(_seconds(text), DAY)
    if rest:
        raise Unreadable(text)
    return days


def _majority(text: str) -> list[Any]:
    if text == plain(_("more than half")):
        return [1, 2, True]
    for words, strict in (
        (_("more than %(num)s/%(den)s"), True),
        (_("at least %(num)s/%(den)s"), False),
    ):
        before, _mark, after = plain(words).partition("%(num)s/%(den)s")
        if text.startswith(before) and text.endswith(after):
            return [*_part(text[len(before) : len(text) - len(after)]), strict]
    raise Unreadable(text)


def _money(value: int, whole: int) -> str:
    units, rest = divmod(value, whole)
    decimals = str(rest).zfill(len(str(whole)) - 1)
    return f"{units}.{decimals[:2]}{decimals[2:].rstrip('0')}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "cents": lambda value: _money(value, CENTS),
    "rate": lambda value: _money(value, MICROCENTS),
    "days": lambda value: presenting.unit_text("day", value),
    "seconds": presenting.duration_text,
    "flag": lambda value: _("yes") if value else _("no"),
    "fraction": lambda value: f"{value[0]}/{value[1]}",
    "ratio": lambda value: f"{value[0]}/{value[1]}",
    "band": lambda value: _("off") if value == "off" else f"{value[0]}/{value[1]}",
    "majority": lambda value: presenting.threshold_text(Threshold.from_list(value)),
}
_READERS: dict[str, Callable[[str], Any]] = {
    "cents": cents_from,
    "rate": microcents_from,
    "days": _days,
    "seconds": _seconds,
    "flag": _flag,
    "fraction": _part,
    "band": _band,
    "ratio": _part,
    "majority": _majority,
}
