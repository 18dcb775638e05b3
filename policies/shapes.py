"""The shapes that values of parameters have: what a JSON value may be, and how that is said."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_DENOMINATOR = 10**6
MOST_RATIO = 100


@dataclass(frozen=True)
class Whole:
    """A whole number between bounds, counted in `unit`: cents, seconds, …"""

    unit: str
    words: Promise
    least: int
    most: int

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is an int (never a bool) within the bounds."""
        return type(value) is int and self.least <= value <= self.most

    @property
    def shape(self) -> str:
        """What is accepted, with its bounds."""
        return str(self.words) % {"least": self.least, "most": self.most}


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    unit: str = "flag"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is a bool."""
        return isinstance(value, bool)

    @property
    def shape(self) -> str:
        """What is accepted."""
        return str(_("yes or no"))


@dataclass(frozen=True)
class Fraction:
    """A part of a whole as [numerator, denominator], from 0 to 1."""

    unit: str = "fraction"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is such a pair of ints."""
        return isinstance(value, list) and len(value) == 2 and is_part(value)

    @property
    def shape(self) -> str:
        """What is accepted."""
        return str(_("a fraction from 0/1 to 1/1, with a denominator up to %(most)s")) % {
            "most": MOST_DENOMINATOR
        }


@dataclass(frozen=True)
class Ratio:
    """So many times a whole as [numerator, denominator], from 0 to a hundred."""

    unit: str = "ratio"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is such a pair of ints."""
        if not isinstance(value, list) or len(value) != 2:
            return False
        if not all(type(number) is int for number in value):
            return False
        return bool(0 < value[1] <= MOST_DENOMINATOR and 0 <= value[0] <= MOST_RATIO * value[1])

    @property
    def shape(self) -> str:
        """What is accepted."""
        return str(_("a fraction from 0/1 to %(times)s/1, with a denominator up to %(most)s")) % {
            "times": MOST_RATIO,
            "most": MOST_DENOMINATOR,
        }


@dataclass(frozen=True)
class Band:
    """A part of a whole as [numerator, denominator], from 0 to 1, or "off"."""

    unit: str = "band"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is "off" or such a pair of ints."""
        return value == "off" or Fraction().accepts(value)

    @property
    def shape(self) -> str:
        """What is accepted."""
        return str(_("“off”, or %(fraction)s")) % {"fraction": Fraction().shape}


@dataclass(frozen=True)
class Majority:
    """How much is needed, as [numerator, denominator, strict].

    More than all can never be reached, so a strict 1/1 is refused: no vote could pass again.
    """

    unit: str = "majority"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is such a list and can be reached."""
        if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], bool):
            return False
        return is_part(value[:2]) and not (value[2] and value[0] == value[1])

    @property
    def shape(self) -> str:
        """What is accepted."""
        return str(
            _(
                "“more than” or “at least” a fraction up to 1/1 with a denominator up to "
                "%(most)s; more than 1/1 can never be reached"
            )
        ) % {"most": MOST_DENOMINATOR}


@dataclass(frozen=True)
class Choice:
    """One of a few codes, each with what people call it."""

    names: dict[str, Promise] = field(hash=False)
    unit: str = "choice"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value is one of the codes."""
        return isinstance(value, str) and value in self.names

    @property
    def shape(self) -> str:
        """What is accepted."""
        quoted = (f"“{name}”" for name in self.names.values())
        return str(_("one of %(choices)s")) % {"choices": ", ".join(quoted)}


Kind = Whole | Flag | Fraction | Ratio | Band | Majority | Choice


@dataclass(frozen=True)
class Parameter:
    """One policy parameter: its kind says which JSON values it takes."""

    key: str
    title: Promise
    default: Any
    kind: Kind

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value has the right shape and lies within the bounds."""
        return self.kind.accepts(value)

    @property
    def shape(self) -> str:
        """What is accepted, in words, with the bounds."""
        return self.kind.shape


def is_part(pair: list[Any]) -> bool:
    """Whether two values are ints with 0 <= numerator <= denominator, bounded."""
    if not all(type(number) is int for number in pair):
        return False
    return bool(0 <= pair[0] <= pair[1] and 0 < pair[1] <= MOST_DENOMINATOR)
