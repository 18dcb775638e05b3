"""What a bank statement says, whatever file it came in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Booked:
    """One movement on the account: cents, above zero where money came in.

    A batch of the bank gives one for each of its transactions. `references` are the ISO 11649
    references that were found, compact, the structured one first. `original` marks a movement
    that takes an earlier one back (a reversal, a returned transfer or direct debit).
    """

    booked_on: date
    amount: int
    value_on: date | None = None
    bank_ref: str = ""
    end_to_end: str = ""
    references: tuple[str, ...] = ()
    is_structured: bool = False
    text: str = ""
    name: str = ""
    iban: str = ""
    code: str = ""
    batch: str = ""
    is_return: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Told:
    """One statement: the account, its time, what stood on it before and after, in cents.

    A CSV file knows no balances: then both are None.
    """

    iban: str
    identification: str
    begins: date
    ends: date
    currency: str
    opening: int | None = None
    closing: int | None = None
    entries: Sequence[Booked] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        """Cents by which the entries changed the account."""
        return sum(entry.amount for entry in self.entries)
