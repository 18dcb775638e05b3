"""From a `Scenario` to the text of a file that says the same: parse(text_of(s)) is s."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from coop.scenarios.shapes import (
    Acquisition,
    Auction,
    Gift,
    Member,
    Offer,
    Period,
    Pool,
    Purchase,
    Scenario,
    Usage,
    decimal,
)

TOKEN_PLACES, RATE_PLACES = 3, 6


def text_of(scenario: Scenario) -> str:
    """The file, with one line per entry of a list; what is left at its default is left out."""
    lines = ["[cooperative]", f"currency = {text(scenario.currency)}"]
    lines += [f"timezone = {text(scenario.timezone)}"]
    for pool in scenario.pools:
        lines += ["", "[[pool]]", *pool_lines(pool)]
    for member in scenario.members:
        lines += ["", "[[member]]", *member_lines(member)]
    for period in scenario.periods:
        lines += ["", "[[period]]", *period_lines(period)]
    return "\n".join([*lines, ""])


def pool_lines(pool: Pool) -> Iterator[str]:
    yield f"code = {text(pool.code)}"
    yield f"issue_price = {pool.issue_price}"
    yield f"vesting = {text(pool.vesting)}"
    yield f"treasury = {pool.treasury}"
    yield f"cap = [{pool.cap[0]}, {pool.cap[1]}]"
    yield f"capacity = {by_code(pool.capacity, tokens)}"
    yield f"cost = {by_code(pool.cost, str)}"
    yield f"posted_price = {by_code(pool.posted_price, rate)}"


def member_lines(member: Member) -> Iterator[str]:
    yield f"name = {text(member.name)}"
    if member.units:
        yield f"units = {by_code(member.units, str)}"
    if not member.convert:
        yield "convert = false"


def period_lines(period: Period) -> Iterator[str]:
    yield f"month = {text(period.month)}"
    if period.repeat != 1:
        yield f"repeat = {period.repeat}"
    for key, write in (
        ("capacity", tokens),
        ("cost", str),
        ("actual_cost", str),
        ("posted_price", rate),
    ):
        if override := getattr(period, key):
            inner = ", ".join(f"{code} = {by_code(row, write)}" for code, row in override.items())
            yield f"{key} = {{ {inner} }}"
    yield from listed("acquire", map(acquisition, period.acquire))
    yield from listed("buy", map(purchase, period.buy))
    yield from listed("give", map(gift, period.give))
    yield from listed("auctions", map(auction, period.auctions))
    yield from listed("offers", map(amount_of, period.offers))
    yield from listed("usage", map(amount_of, period.usage))


def listed(key: str, entries: Iterable[str]) -> Iterator[str]:
    """A list with an entry on each line; nothing where it is empty."""
    found = [f"  {entry}," for entry in entries]
    if found:
        yield from [f"{key} = [", *found, "]"]


def acquisition(entry: Acquisition) -> str:
    return table(pool=text(entry.pool), cost=entry.cost, capacity=by_code(entry.capacity, tokens))


def purchase(entry: Purchase) -> str:
    return table(member=text(entry.member), pool=text(entry.pool), units=entry.units)


def gift(entry: Gift) -> str:
    people = {"from": text(entry.giver), "to": text(entry.receiver)}
    return table(**people, **place(entry), tokens=text(tokens(entry.tokens)))


def auction(entry: Auction) -> str:
    asks = [table(member=text(a.member), tokens=text(tokens(a.tokens))) for a in entry.asks]
    bids = [
        table(member=text(b.member), price=text(rate(b.price)), tokens=text(tokens(b.tokens)))
        for b in entry.bids
    ]
    return table(
        **place(entry),
        pool_tokens=text(tokens(entry.pool_tokens)),
        asks=f"[{', '.join(asks)}]",
        bids=f"[{', '.join(bids)}]",
    )


def amount_of(entry: Offer | Usage) -> str:
    """An offer or a use: who, of what, how much."""
    if isinstance(entry, Offer):
        return table(member=text(entry.member), **place(entry), tokens=text(tokens(entry.tokens)))
    return table(member=text(entry.member), **place(entry), amount=text(tokens(entry.amount)))


def place(entry: Gift | Auction | Offer | Usage) -> dict[str, str]:
    return {"pool": text(entry.pool), "resource": text(entry.resource)}


def table(**values: object) -> str:
    return f"{{ {', '.join(f'{key} = {value}' for key, value in values.items())} }}"


def by_code(values: Mapping[str, int], write: Callable[[int], str]) -> str:
    """Numbers by code; decimals stand in quotes, whole numbers do not."""
    shown = {
        code: str(value) if write is str else text(write(value)) for code, value in values.items()
    }
    return table(**shown) if shown else "{}"


def tokens(amount: int) -> str:
    return decimal(amount, TOKEN_PLACES)


def rate(microcents: int) -> str:
    return decimal(microcents, RATE_PLACES)


def text(value: str) -> str:
    """A text in quotes; what JSON escapes TOML reads alike."""
    return json.dumps(value, ensure_ascii=False)
