"""A played scenario for people: tables of every month, and each member's ownership path."""

from collections.abc import Iterator, Sequence
from typing import Any

from coop.scenarios.shapes import Pool, Scenario, decimal

Json = dict[str, Any]

WIDTH = 50
BOOK = ["issued", "received", "given", "bought", "sold", "redeemed", "overage", "expired"]
MONEY = ["cost_charged", "profit_charged"]


def tables(scenario: Scenario, result: Json) -> str:
    """Everything as text: months, ownership paths, where it ends."""
    lines: list[str] = []
    for month in result["periods"]:
        lines += month_lines(scenario, month)
    for pool in scenario.pools:
        lines += path_lines(scenario, pool, result["periods"])
    return "\n".join([*lines, *final_lines(scenario, result["final"])])


def month_lines(scenario: Scenario, month: Json) -> Iterator[str]:
    yield from headed(f"{month['month']}", "=")
    for code, pool in month["pools"].items():
        for name, resource in pool["resources"].items():
            yield f"{code} · {name}: {rates(scenario.currency, resource)}"
            yield f"  {flows(scenario.currency, resource)}"
            rows = [book_row(*item) for item in resource["members"].items()]
            yield from columns(["member", *BOOK, "cost", "profit"], rows)
        yield f"{code}: the treasury holds {pool['treasury']} units"
        rows = [
            [name, str(m["units"]), str(m["units_converted"]), money(m["equity_credit"])]
            for name, m in pool["members"].items()
        ]
        yield from columns(["member", "units", "converted", "credit"], rows)


def rates(currency: str, resource: Json) -> str:
    """The three rates in cents per token."""
    parts = [
        f"{name} {decimal(resource[key], 6)}"
        for name, key in (("u", "unit_cost"), ("v", "sale_cost"), ("w", "settled_cost"))
    ]
    return f"{', '.join(parts)} (hundredths of {currency} per token)"


def flows(currency: str, resource: Json) -> str:
    tokens = [
        f"{name} {decimal(resource[key])}"
        for name, key in (
            ("pool issued", "pool_issued"),
            ("pool sold", "pool_sold"),
            ("matched", "overage_matched"),
            ("unbacked", "overage_unbacked"),
        )
    ]
    sums = [
        f"{name} {money(resource[key])}"
        for name, key in (
            ("to reserve", "to_reserve"),
            ("vacancy", "vacancy"),
            ("carried", "variance"),
        )
    ]
    return f"tokens: {', '.join(tokens)}; {currency}: {', '.join(sums)}"


def book_row(name: str, book: Json) -> list[str]:
    tokens = [decimal(book[key]) for key in BOOK]
    return [name, *tokens, *(money(book[key]) for key in MONEY)]


def path_lines(scenario: Scenario, pool: Pool, periods: Sequence[Json]) -> Iterator[str]:
    """What part of their use each member's own tokens could cover, month by month.

    In a month without use the last one with use counts; of several resources the scarcest.
    """
    yield from headed(f"Ownership path · {pool.code}: the part of one's use that one owns", "-")
    for member in scenario.members:
        used: dict[str, int] = {}
        yield member.name
        for period in periods:
            share = owned(period["pools"][pool.code]["resources"], member.name, used)
            yield f"  {period['month']}  {'nothing used yet' if share is None else bar(share)}"


def owned(resources: Json, name: str, used: dict[str, int]) -> int | None:
    """Whole per cent of the use that the member's own issue covers; None: nothing used yet.

    `used` keeps the last use by resource, from month to month.
    """
    shares = []
    for code, resource in resources.items():
        book = resource["members"].get(name)
        use = book["redeemed"] + book["overage"] if book else 0
        used[code] = use or used.get(code, 0)
        if used[code]:
            issued = book["issued"] if book else 0
            shares.append(min(100, 100 * issued // used[code]))
    return min(shares, default=None)


def bar(share: int) -> str:
    full = share * WIDTH // 100
    return f"{'█' * full}{'·' * (WIDTH - full)} {share:>3} %"


def final_lines(scenario: Scenario, final: Json) -> Iterator[str]:
    yield from headed("At the end", "=")
    rows = [
        [
            pool.code,
            *(money(final[key][pool.code]) for key in ("growth_fund", "reserve", "vacancy")),
        ]
        for pool in scenario.pools
    ]
    yield from columns(["pool", "growth fund", "reserve", "vacancy"], rows)
    rows = [
        [f"{name} · {pool}", str(units), money(member["equity_credit"][pool])]
        for name, member in final["members"].items()
        for pool, units in member["units"].items()
    ]
    yield from columns(["member", "units", "credit"], rows)
    broken = final["invariants"]
    yield "The books keep every promise." if broken == "ok" else "Broken: " + "; ".join(broken)


def headed(text: str, line: str) -> list[str]:
    return ["", text, line * len(text)]


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table: the first column to the left, numbers to the right; empty where it has no rows."""
    if not rows:
        return
    table = [head, *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    for row in table:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  " + "  ".join([row[0].ljust(widths[0]), *cells])


def money(cents: int) -> str:
    """Cents as an amount with two decimals."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
