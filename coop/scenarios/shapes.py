"""A scenario as values: what a file says, read, checked and complete.

Tokens and usage in millitokens, money in cents, prices and rates in micro-cents per token.
Each entry knows its place, so that what turns out to be impossible while playing can still
be shown in the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from coop.scenarios.errors import Place

Vesting = Literal["at_close", "on_acquisition"]
ByResource = Mapping[str, int]
ByPool = Mapping[str, ByResource]


@dataclass(frozen=True)
class Pool:
    """A pool as it stands before the first period."""

    at: Place
    code: str
    issue_price: int
    vesting: Vesting
    treasury: int
    cap: tuple[int, int]
    resources: tuple[str, ...]
    capacity: ByResource
    cost: ByResource
    posted_price: ByResource


@dataclass(frozen=True)
class Member:
    """A member; the number follows the order of the file."""

    at: Place
    name: str
    units: ByResource
    convert: bool


@dataclass(frozen=True)
class Acquisition:
    """An asset that the growth fund buys; what it adds to the capacity stays."""

    at: Place
    pool: str
    cost: int
    capacity: ByResource


@dataclass(frozen=True)
class Purchase:
    """Treasury units that a member buys and pays at once."""

    at: Place
    member: str
    pool: str
    units: int


@dataclass(frozen=True)
class Gift:
    """Own tokens that a member gives to another."""

    at: Place
    giver: str
    receiver: str
    pool: str
    resource: str
    tokens: int


@dataclass(frozen=True)
class Ask:
    """Own tokens that a member asks to sell at auction."""

    at: Place
    member: str
    tokens: int


@dataclass(frozen=True)
class Bid:
    """Tokens that a member would buy at auction, and the most they would pay for each."""

    at: Place
    member: str
    price: int
    tokens: int


@dataclass(frozen=True)
class Auction:
    """One call auction, asks and bids in the order of their time."""

    at: Place
    pool: str
    resource: str
    pool_tokens: int
    asks: tuple[Ask, ...]
    bids: tuple[Bid, ...]


@dataclass(frozen=True)
class Offer:
    """Own tokens that a member would sell of what is left at the close."""

    at: Place
    member: str
    pool: str
    resource: str
    tokens: int


@dataclass(frozen=True)
class Usage:
    """What a member used; negative: a correction."""

    at: Place
    member: str
    pool: str
    resource: str
    amount: int


@dataclass(frozen=True)
class Period:
    """A month, and the following ones where it repeats."""

    at: Place
    month: str
    repeat: int
    acquire: tuple[Acquisition, ...]
    buy: tuple[Purchase, ...]
    give: tuple[Gift, ...]
    auctions: tuple[Auction, ...]
    offers: tuple[Offer, ...]
    usage: tuple[Usage, ...]
    capacity: ByPool
    cost: ByPool
    actual_cost: ByPool
    posted_price: ByPool


@dataclass(frozen=True)
class Scenario:
    """A whole file."""

    currency: str
    timezone: str
    pools: tuple[Pool, ...]
    members: tuple[Member, ...]
    periods: tuple[Period, ...]

    def months(self) -> Iterator[tuple[str, Period]]:
        """Every month in order with the period that says what happens in it."""
        for period in self.periods:
            for later in range(period.repeat):
                yield month_after(period.month, later), period


def month_after(month: str, later: int) -> str:
    """The month, as "2026-06", so many months later."""
    year, number = map(int, month.split("-"))
    years, index = divmod(number - 1 + later, 12)
    return f"{year + years:04}-{index + 1:02}"


def decimal(amount: int, places: int = 3) -> str:
    """Thousandths (or smaller parts) as a decimal: 12500 is 12.5."""
    whole, part = divmod(abs(amount), 10**places)
    text = f"{whole}.{part:0{places}}".rstrip("0").rstrip(".")
    return f"-{text}" if amount < 0 else text
