"""What a founding file says: money in cents, tokens in millitokens, prices in micro-cents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coop.scenarios.errors import Place
from members.services import Charter


@dataclass(frozen=True)
class Steward:
    """A member from the first day who holds the office; `units` of the pools by their code."""

    at: Place
    email: str
    name: str
    language: str
    units: Mapping[str, int]


@dataclass(frozen=True)
class Resource:
    """A thing that pools yield; one token is one `unit`."""

    at: Place
    code: str
    name: str
    unit: str


@dataclass(frozen=True)
class Pool:
    """A pool and what was agreed for it alone."""

    at: Place
    code: str
    name: str
    about: str
    policies: Mapping[str, Any]
    posted_price: Mapping[str, int]


@dataclass(frozen=True)
class Asset:
    """A thing that stands already; its cost divided by the issue price is new units."""

    at: Place
    pool: str
    name: str
    kind: str
    serial: str
    place: str
    cost: int
    paid_from: str
    capacity: Mapping[str, int]


@dataclass(frozen=True)
class Cost:
    """What the pool costs every period, shared among resources by weight."""

    at: Place
    pool: str
    name: str
    amount: int
    weights: Mapping[str, int]


@dataclass(frozen=True)
class Founding:
    """All of a founding file."""

    at: Place
    charter: Charter
    open_period: bool
    stewards: tuple[Steward, ...]
    resources: tuple[Resource, ...]
    pools: tuple[Pool, ...]
    policies: Mapping[str, Any]
    assets: tuple[Asset, ...]
    costs: tuple[Cost, ...]
