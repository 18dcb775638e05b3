"""From the text of a scenario file to a `Scenario`, or to an error that helps.

All that can be known without playing is checked here: keys, names, types, decimals, signs,
the sequence of months, usage that sums below zero, gifts to oneself, both sides of an auction.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import cast
from zoneinfo import ZoneInfo

from coop.scenarios.errors import ScenarioError
from coop.scenarios.fields import Table, one_of, shown
from coop.scenarios.lines import lines_of
from coop.scenarios.shapes import (
    Acquisition,
    Ask,
    Auction,
    Bid,
    ByPool,
    Gift,
    Member,
    Offer,
    Period,
    Pool,
    Purchase,
    Scenario,
    Usage,
    Vesting,
    decimal,
    month_after,
)

POOL = ["code", "issue_price", "vesting", "treasury", "cap", "capacity", "cost", "posted_price"]
OVERRIDES = ["capacity", "cost", "actual_cost", "posted_price"]
LISTS = ["acquire", "buy", "give", "auctions", "offers", "usage"]
LONGEST = 1200
PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
DEEP_KEY = re.compile(rf"(?<![\w-])(?:{PART}){{20}}")
"""a dotted key that no table here has; tomllib takes the square of its parts in time"""

Pools = Mapping[str, Pool]
Names = Mapping[str, None]
"""the members' names in their order, quick to look one up"""


def parse(text: str) -> Scenario:
    """Read the text of a scenario file; raises `ScenarioError`."""
    top = Table(*document(text), ["cooperative", "pool", "member", "period"])
    if "cooperative" not in top.value:
        top.refuse(
            'this table is missing; begin with [cooperative], currency = "EUR"', "cooperative"
        )
    cooperative = top.table("cooperative", ["currency", "timezone"])
    pools = tuple(pool(table) for table in top.entries("pool", POOL))
    unique(top, "pool", "code", [pool.code for pool in pools])
    by_code = {pool.code: pool for pool in pools}
    tables = top.entries("member", ["name", "units", "convert"])
    members = tuple(member(table, by_code) for table in tables)
    unique(top, "member", "name", [member.name for member in members])
    names = dict.fromkeys(member.name for member in members)
    return Scenario(
        currency=currency(cooperative),
        timezone=timezone(cooperative),
        pools=pools,
        members=members,
        periods=periods(top, by_code, names),
    )


def document(text: str) -> tuple[dict[tuple[str | int, ...], int], tuple[()], dict[str, object]]:
    if deep := DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise ScenarioError(line, "", "a key has too many parts; write at most three")
    try:
        value = tomllib.loads(text)
        return lines_of(text), (), value
    except (ValueError, RecursionError) as error:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1 if at else 1
        reason = str(error)[: at.start()] if at else str(error)
        raise ScenarioError(line, "", f"this is not TOML 1.0: {reason}") from error


def unique(top: Table, key: str, name: str, values: list[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            top.refuse(f"{shown(value)} is there twice; give each its own", key, index, name)
        seen.add(value)


def currency(table: Table) -> str:
    code = table.text("currency")
    if not re.fullmatch("[A-Z]{3}", code):
        table.refuse(f'{shown(code)} is no currency; write its three letters: "EUR"', "currency")
    return code


def timezone(table: Table) -> str:
    name = table.text("timezone")
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        table.refuse(f'{shown(name)} is no timezone; write one such as "Europe/Madrid"', "timezone")
    return name


def pool(table: Table) -> Pool:
    capacity = table.by_key("capacity", Table.as_tokens)
    cost = table.by_key("cost", Table.as_whole)
    resources = tuple(dict.fromkeys([*capacity, *cost]))
    posted_price = table.by_key("posted_price", Table.as_rate, resources)
    return Pool(
        at=table.place(),
        code=table.code("code"),
        issue_price=table.whole("issue_price", least=1),
        vesting=cast(Vesting, table.choice("vesting", ["at_close", "on_acquisition"], "at_close")),
        treasury=table.whole("treasury", 0),
        cap=cap(table),
        resources=resources,
        capacity={resource: capacity.get(resource, 0) for resource in resources},
        cost={resource: cost.get(resource, 0) for resource in resources},
        posted_price={resource: posted_price.get(resource, 0) for resource in resources},
    )


def cap(table: Table) -> tuple[int, int]:
    value = table.get("cap", [1, 1])
    right = "write a fraction of at most one as two whole numbers, such as [1, 4]"
    if not isinstance(value, list) or len(value) != 2:
        table.refuse(f"{shown(value)} is no fraction; {right}", "cap")
    over = table.as_whole(value[0], "cap", 0)
    under = table.as_whole(value[1], "cap", 1, least=1)
    if over > under:
        table.refuse(f"{over}/{under} is more than all units; {right}", "cap")
    return over, under


def member(table: Table, pools: Pools) -> Member:
    return Member(
        at=table.place(),
        name=table.text("name"),
        units=table.by_key("units", Table.as_whole, pools),
        convert=table.truth("convert", default=True),
    )


def periods(top: Table, pools: Pools, names: Names) -> tuple[Period, ...]:
    """The periods, each beginning in the month after the last one's repeats."""
    found: list[Period] = []
    for table in top.entries("period", ["month", "repeat", *LISTS, *OVERRIDES]):
        month = as_month(table)
        expected = month_after(found[-1].month, found[-1].repeat) if found else month
        if month != expected:
            right = f'months follow one another, repeats counted: write "{expected}"'
            table.refuse(f"{shown(month)} is not the next month; {right}", "month")
        found.append(period(table, month, pools, names))
    return tuple(found)


def as_month(table: Table) -> str:
    month = table.text("month")
    if not re.fullmatch(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])", month):
        table.refuse(
            f'{shown(month)} is no month; write year and month, such as "2026-06"', "month"
        )
    return month


def period(table: Table, month: str, pools: Pools, names: Names) -> Period:
    return Period(
        at=table.place(),
        month=month,
        repeat=repeat(table),
        acquire=tuple(
            acquisition(entry, pools)
            for entry in table.entries("acquire", ["pool", "cost", "capacity"])
        ),
        buy=tuple(
            purchase(entry, pools, names)
            for entry in table.entries("buy", ["member", "pool", "units"])
        ),
        give=tuple(
            gift(entry, pools, names)
            for entry in table.entries("give", ["from", "to", "pool", "resource", "tokens"])
        ),
        auctions=tuple(
            auction(entry, pools, names)
            for entry in table.entries(
                "auctions", ["pool", "resource", "pool_tokens", "asks", "bids"]
            )
        ),
        offers=tuple(
            offer(entry, pools, names)
            for entry in table.entries("offers", ["member", "pool", "resource", "tokens"])
        ),
        usage=usages(table, pools, names),
        capacity=override(table, "capacity", pools),
        cost=override(table, "cost", pools),
        actual_cost=override(table, "actual_cost", pools),
        posted_price=override(table, "posted_price", pools),
    )


def repeat(table: Table) -> int:
    times = table.whole("repeat", 1, least=1)
    if times > LONGEST:
        table.refuse(f"{times} months are too many; write at most {LONGEST}", "repeat")
    return times


def override(table: Table, key: str, pools: Pools) -> ByPool:
    """The values of this period, by pool and resource."""
    read = {"capacity": Table.as_tokens, "posted_price": Table.as_rate}.get(key, Table.as_whole)
    by_pool = table.table(key)
    for code in by_pool.value:
        if code not in pools:
            by_pool.refuse(f"{shown(code)} is no pool; {one_of(code, pools)}", code)
    return {code: by_pool.by_key(code, read, pools[code].resources) for code in by_pool.value}


def where(entry: Table, pools: Pools) -> tuple[str, str]:
    """The pool and resource that an entry names."""
    code = entry.choice("pool", pools)
    return code, entry.choice("resource", pools[code].resources)


def acquisition(entry: Table, pools: Pools) -> Acquisition:
    code = entry.choice("pool", pools)
    return Acquisition(
        at=entry.place(),
        pool=code,
        cost=entry.whole("cost"),
        capacity=entry.by_key("capacity", Table.as_tokens, pools[code].resources),
    )


def purchase(entry: Table, pools: Pools, names: Names) -> Purchase:
    return Purchase(
        at=entry.place(),
        member=entry.choice("member", names),
        pool=entry.choice("pool", pools),
        units=entry.whole("units"),
    )


def gift(entry: Table, pools: Pools, names: Names) -> Gift:
    giver, receiver = entry.choice("from", names), entry.choice("to", names)
    if giver == receiver:
        entry.refuse(f"{giver} cannot give to oneself; name another member", "to")
    code, resource = where(entry, pools)
    return Gift(entry.place(), giver, receiver, code, resource, entry.tokens("tokens"))


def auction(entry: Table, pools: Pools, names: Names) -> Auction:
    code, resource = where(entry, pools)
    asks = tuple(
        Ask(ask.place(), ask.choice("member", names), ask.tokens("tokens"))
        for ask in entry.entries("asks", ["member", "tokens"])
    )
    bids = tuple(
        bid(table, names, {ask.member for ask in asks})
        for table in entry.entries("bids", ["member", "price", "tokens"])
    )
    pool_tokens = entry.tokens("pool_tokens", "0")
    return Auction(entry.place(), code, resource, pool_tokens, asks, bids)


def bid(table: Table, names: Names, askers: set[str]) -> Bid:
    name = table.choice("member", names)
    if name in askers:
        right = "nobody may be on both sides of an auction: take out the ask or the bid"
        table.refuse(f"{name} asks in this auction too; {right}", "member")
    return Bid(table.place(), name, table.rate("price"), table.tokens("tokens"))


def offer(entry: Table, pools: Pools, names: Names) -> Offer:
    code, resource = where(entry, pools)
    name, tokens = entry.choice("member", names), entry.tokens("tokens")
    return Offer(entry.place(), name, code, resource, tokens)


def usages(table: Table, pools: Pools, names: Names) -> tuple[Usage, ...]:
    """The usage of the period; refused at the last entry of a sum that is below zero."""
    entries = table.entries("usage", ["member", "pool", "resource", "amount"])
    found = [usage(entry, pools, names) for entry in entries]
    sums: dict[tuple[str, str, str], int] = {}
    last = {}
    for entry, use in zip(entries, found, strict=True):
        whose = use.member, use.pool, use.resource
        sums[whose] = sums.get(whose, 0) + use.amount
        last[whose] = entry
    for whose, total in sums.items():
        if total < 0:
            name = f"{whose[0]}'s usage of {whose[1]} {whose[2]}"
            right = "a correction takes back at most what was used"
            last[whose].refuse(f"{name} sums to {decimal(total)} in this period; {right}", "amount")
    return tuple(found)


def usage(entry: Table, pools: Pools, names: Names) -> Usage:
    code, resource = where(entry, pools)
    amount = entry.tokens("amount", signed=True)
    return Usage(entry.place(), entry.choice("member", names), code, resource, amount)
