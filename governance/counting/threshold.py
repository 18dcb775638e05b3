"""A share that must be reached, as an exact fraction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Threshold:
    """num/den of a whole; `strict` asks for more than that, else as much is enough."""

    num: int
    den: int
    strict: bool

    def __post_init__(self) -> None:
        if not 0 <= self.num <= self.den or self.den == 0:
            raise ValueError(f"no share of a whole: {self.num}/{self.den}")

    def is_met(self, part: int, whole: int) -> bool:
        """Whether `part` of `whole` is enough: den·part > num·whole, or >= where not strict."""
        left, right = self.den * part, self.num * whole
        return left > right if self.strict else left >= right

    def needed(self, whole: int) -> int:
        """The smallest part of `whole` that is enough; may exceed it (all, and more than all)."""
        exact = self.num * whole
        return exact // self.den + 1 if self.strict else -(-exact // self.den)

    def as_list(self) -> list[Any]:
        """The form that policy and signed documents keep: [num, den, strict]."""
        return [self.num, self.den, self.strict]

    @classmethod
    def from_list(cls, value: Sequence[Any]) -> Self:
        """The threshold that `as_list` wrote."""
        num, den, strict = value
        return cls(int(num), int(den), bool(strict))
