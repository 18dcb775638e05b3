"""A pool of the model between two periods: units, credit, the funds, and who comes to own."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.model.arithmetic import micro, milli, share_out

Json = dict[str, Any]


class Refused(Exception):
    """The scenario gives, asks, buys or acquires more than it may: `entry[key]` is above `most`."""

    def __init__(self, entry: Json, key: str, most: int) -> None:
        super().__init__(f"{key} of {entry} may be {most} at most")
        self.entry = entry
        self.key = key
        self.most = most


@dataclass
class Pool:
    """A pool between two periods."""

    code: str
    issue_price: int
    at_close: bool
    cap: Fraction
    treasury: int
    units: dict[str, int]
    normal: dict[str, int]
    cost: dict[str, int]
    posted: dict[str, int]
    lots: dict[str, dict[int, int]]
    carried: dict[str, int]
    converted: dict[str, int] = field(default_factory=dict)
    growth: int = 0
    reserve: int = 0
    vacancy: int = 0

    def all_units(self) -> int:
        return self.treasury + sum(self.units.values())

    def room(self, name: str) -> int:
        """How many units more the cap lets this member have."""
        return max(0, int(self.cap * self.all_units()) - self.units[name])

    def credit(self, name: str) -> int:
        return sum(self.lots[name].values())


def found_pool(pool: Json, scenario: Json) -> Pool:
    members = scenario.get("member", [])
    capacity, cost = pool.get("capacity", {}), pool.get("cost", {})
    posted = pool.get("posted_price", {})
    resources = [*capacity, *(resource for resource in cost if resource not in capacity)]
    return Pool(
        code=pool["code"],
        issue_price=pool["issue_price"],
        at_close=pool.get("vesting", "at_close") == "at_close",
        cap=Fraction(*pool.get("cap", [1, 1])),
        treasury=pool.get("treasury", 0),
        units={m["name"]: m.get("units", {}).get(pool["code"], 0) for m in members},
        normal={resource: milli(capacity.get(resource, "0")) for resource in resources},
        cost={resource: cost.get(resource, 0) for resource in resources},
        posted={resource: micro(posted.get(resource, "0")) for resource in resources},
        lots={m["name"]: {} for m in members},
        carried=dict.fromkeys(resources, 0),
    )


def acquire(pool: Pool, entry: Json, consents: dict[str, bool]) -> None:
    if entry["cost"] > pool.growth:
        raise Refused(entry, "cost", pool.growth)
    pool.growth -= entry["cost"]
    new = entry["cost"] // pool.issue_price
    pool.treasury += new
    for resource, tokens in entry.get("capacity", {}).items():
        pool.normal[resource] += milli(tokens)
    convert(pool, pool.treasury if pool.at_close else new, consents)


def buy(pool: Pool, entry: Json) -> None:
    name, units = entry["member"], entry["units"]
    most = min(pool.treasury, pool.room(name))
    if units > most:
        raise Refused(entry, "units", most)
    pool.treasury -= units
    pool.units[name] += units
    pool.growth += units * pool.issue_price


def convert(pool: Pool, units: int, consents: dict[str, bool]) -> None:
    """Turn up to so many treasury units over to credit, the oldest first."""
    willing = [name for name, yes in consents.items() if yes]
    room = {name: pool.room(name) for name in willing}
    lots = {name: dict(pool.lots[name]) for name in willing}
    given = dict.fromkeys(willing, 0)
    for period in sorted({t for lot in lots.values() for t in lot}):
        wanted = {}
        for name in willing:
            ripe = sum(cents for t, cents in lots[name].items() if t <= period)
            wanted[name] = max(0, min(ripe // pool.issue_price, room[name]) - given[name])
        enough = sum(wanted.values()) <= units
        parts = wanted if enough else share_out(units, wanted)
        for name, part in parts.items():
            given[name] += part
            units -= part
        if not enough:
            break
    for name, part in given.items():
        pool.treasury -= part
        pool.units[name] += part
        pool.converted[name] += part
        use_lots(pool.lots[name], part * pool.issue_price)


def use_lots(lots: dict[int, int], cents: int) -> None:
    for period in sorted(lots):
        used = min(cents, lots[period])
        lots[period] -= used
        cents -= used
