"""Reading one table of a scenario file, key by key, with an error for all that is wrong.

Every reader either returns a value that the scenario may use as it is, or raises a
`ScenarioError` that says where, which key, and what would be right.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

from coop.scenarios.errors import Place, ScenarioError
from coop.scenarios.lines import Path

Value = TypeVar("Value")

LARGEST = 10**13
"""No count of cents, units or millitokens may be larger: the books hold 64 bits."""
LARGEST_RATE = 10**12
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
REQUIRED: Any = object()


class Table:
    """A table of the file that may hold the keys named in `known`, and no others."""

    def __init__(
        self, lines: Mapping[Path, int], path: Path, value: object, known: Iterable[str]
    ) -> None:
        self.lines = lines
        self.path = path
        if not isinstance(value, dict):
            self.refuse("a table of keys belongs here, such as { key = value }")
        self.value: dict[str, Any] = value
        allowed = list(known)
        for key in self.value:
            if key not in allowed:
                self.refuse(f"this key is not known here; {one_of(key, allowed)}", key)

    def refuse(self, reason: str, *at: str | int) -> NoReturn:
        """Refuse the file for what stands at `at` under this table."""
        path = (*self.path, *at)
        raise ScenarioError(self.line(*at), spelled(path), reason)

    def line(self, *at: str | int) -> int:
        path = (*self.path, *at)
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def place(self) -> Place:
        return Place(self.line(), spelled(self.path))

    def get(self, key: str, default: Any = REQUIRED) -> Any:
        if key not in self.value and default is REQUIRED:
            self.refuse("this key is missing", key)
        return self.value.get(key, default)

    def text(self, key: str, default: Any = REQUIRED) -> str:
        value = self.get(key, default)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.refuse(f'{shown(value)} is not a text; write one in quotes: {key} = "..."', key)
        if len(value) > 100:
            self.refuse("this is too long; write at most 100 characters", key)
        return value

    def code(self, key: str) -> str:
        return self.as_code(self.text(key), key)

    def as_code(self, code: str, *at: str | int) -> str:
        if not CODE.fullmatch(code):
            right = "write letters a-z, digits, - and _, at most 40 in all"
            self.refuse(f"{shown(code)} cannot be a code; {right}", *at)
        return code

    def choice(self, key: str, choices: Collection[str], default: Any = REQUIRED) -> str:
        value = self.text(key, default)
        if value not in choices:
            self.refuse(f"{shown(value)} is not known; {one_of(value, choices)}", key)
        return value

    def truth(self, key: str, *, default: bool) -> bool:
        value = self.get(key, default)
        if not isinstance(value, bool):
            self.refuse(f"{shown(value)} is neither true nor false; write one of them", key)
        return value

    def whole(self, key: str, default: Any = REQUIRED, *, least: int = 0) -> int:
        return self.as_whole(self.get(key, default), key, least=least)

    def as_whole(self, value: object, *at: str | int, least: int = 0) -> int:
        right = f"write a whole number from {least} to {LARGEST}, without quotes"
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f"{shown(value)} is not a whole number; {right}", *at)
        if not least <= value <= LARGEST:
            self.refuse(f"{value} is too {'small' if value < least else 'large'}; {right}", *at)
        return value

    def tokens(self, key: str, default: Any = REQUIRED, *, signed: bool = False) -> int:
        """A quantity of tokens or usage, in millitokens."""
        return self.as_tokens(self.get(key, default), key, signed=signed)

    def as_tokens(self, value: object, *at: str | int, signed: bool = False) -> int:
        return self.decimal(value, 3, LARGEST, *at, signed=signed)

    def rate(self, key: str) -> int:
        """A price, in micro-cents per token."""
        return self.as_rate(self.get(key), key)

    def as_rate(self, value: object, *at: str | int) -> int:
        return self.decimal(value, 6, LARGEST_RATE, *at)

    def decimal(
        self, value: object, places: int, largest: int, *at: str | int, signed: bool = False
    ) -> int:
        """The number of 10^-places in a decimal string."""
        right = f'write a decimal in quotes with at most {places} decimals, such as "12.5"'
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            self.refuse(f"{shown(value)} is not a decimal; {right}", *at)
        whole, _, decimals = value.removeprefix("-").partition(".")
        if len(decimals) > places:
            self.refuse(f"{value} has more than {places} decimals; {right}", *at)
        if value.startswith("-") and not signed:
            self.refuse(f"{value} is negative; only usage may be", *at)
        if (
            len(whole.lstrip("0")) > 15
            or (size := int(whole + decimals.ljust(places, "0"))) > largest
        ):
            self.refuse(f"{value} is too large; at most {largest // 10**places} is possible", *at)
        return -size if value.startswith("-") else size

    def by_key(
        self, key: str, read: Callable[..., Value], known: Iterable[str] | None = None
    ) -> dict[str, Value]:
        """The values of the table under `key`; None known: any code may be a key."""
        table = self.table(key)
        names = None if known is None else list(known)
        for name in table.value:
            if names is None:
                table.as_code(name, name)
            elif name not in names:
                table.refuse(f"{shown(name)} is not known; {one_of(name, names)}", name)
        return {name: read(self, value, key, name) for name, value in table.value.items()}

    def table(self, key: str, known: Iterable[str] | None = None) -> "Table":
        """The table under `key`, empty where it is missing."""
        value = self.get(key, {})
        keys = value if known is None and isinstance(value, dict) else known or ()
        return Table(self.lines, (*self.path, key), value, keys)

    def entries(self, key: str, known: Iterable[str]) -> list["Table"]:
        """The tables of a list."""
        value = self.get(key, [])
        if not isinstance(value, list):
            self.refuse(f"a list belongs here: {key} = [ {{ ... }}, {{ ... }} ]", key)
        return [
            Table(self.lines, (*self.path, key, index), entry, known)
            for index, entry in enumerate(value)
        ]


def one_of(wrong: str, right: Iterable[str]) -> str:
    """What would be right: the name that was probably meant, else the names that there are."""
    names = [str(name) for name in right]
    if near := get_close_matches(wrong, names, n=1):
        return f"did you mean {shown(near[0])}?"
    listed = ", ".join(shown(name) for name in names[:8])
    return f"write one of {listed}{', ...' if len(names) > 8 else ''}" if names else "there is none"


def shown(value: object) -> str:
    """A value as the file would write it, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def spelled(path: Path) -> str:
    """A path for people, entries counted from one: period 1, usage 3, amount."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words)
