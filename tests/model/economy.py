"""A second opinion on the economics: the rules once more, in plain Python.

Written from the design's economics alone and importing nothing of ours, so that an error in
the services and the same error here would have to be made twice. `play(scenario)` takes the
dict that `tomllib` reads from a scenario file and returns what `manage.py simulate --json`
must print for it. Money is in cents, units whole, tokens in millitokens, rates in micro-cents
per token: integers throughout. A scenario that does what cannot be done raises `Refused`.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.model.arithmetic import charge, micro, milli, rate_of, share_out
from tests.model.pools import Json, Pool, Refused, acquire, buy, convert, found_pool


def play(scenario: Json) -> Json:
    """Play every month of the scenario; return the months and where they end."""
    names = [member["name"] for member in scenario.get("member", [])]
    consents = {m["name"]: m.get("convert", True) for m in scenario.get("member", [])}
    pools = {p["code"]: found_pool(p, scenario) for p in scenario.get("pool", [])}
    periods = []
    for number, (month, period) in enumerate(months_of(scenario)):
        played = play_month(number, period, pools, names, consents)
        periods.append({"month": month, "pools": played})
    return {"periods": periods, "final": final(pools, names)}


def months_of(scenario: Json) -> list[tuple[str, Json]]:
    """Every month that is played, with the period that describes it (repeats unrolled)."""
    months = []
    for period in scenario.get("period", []):
        year, month = map(int, period["month"].split("-"))
        for later in range(period.get("repeat", 1)):
            carry, index = divmod(month - 1 + later, 12)
            months.append((f"{year + carry:04}-{index + 1:02}", period))
    return months


# --- a member and a market within a period


@dataclass
class Book:
    """One member's tokens of one pool, resource and period."""

    issued: int = 0
    given: int = 0
    received: int = 0
    asked: int = 0
    bought: dict[int, int] = field(default_factory=dict)
    offered: int = 0
    used: int = 0
    matched: int = 0

    def buy(self, tokens: int, rate: int) -> None:
        self.bought[rate] = self.bought.get(rate, 0) + tokens

    @property
    def own(self) -> int:
        return self.issued - self.given - self.asked

    @property
    def others(self) -> int:
        """Bought and received: used before one's own, never sold."""
        return self.received + sum(self.bought.values())

    @property
    def redeemed(self) -> int:
        return min(self.used, self.others + self.own)

    @property
    def overage(self) -> int:
        return self.used - self.redeemed

    @property
    def own_left(self) -> int:
        return self.own - max(0, self.redeemed - self.others)

    def paid_for(self, posted: int) -> dict[int, int]:
        """All that was bought, by rate: at auction, and overage at the posted price."""
        overage = self.bought.get(posted, 0) + self.overage
        return {**self.bought, posted: overage}


@dataclass
class Market:
    """One pool and resource from the opening of a period to its close."""

    books: dict[str, Book]
    issued: int
    pool_issued: int
    pool_left: int
    basis: int
    carried: int
    budget: int
    actual: int
    u: int
    v: int
    posted: int


# --- a period, in the order of the design


def play_month(
    number: int, period: Json, pools: dict[str, Pool], names: list[str], consents: dict[str, bool]
) -> Json:
    for pool in pools.values():
        pool.converted = dict.fromkeys(names, 0)
    for entry in period.get("acquire", []):
        acquire(pools[entry["pool"]], entry, consents)
    for entry in period.get("buy", []):
        buy(pools[entry["pool"]], entry)
    markets = {
        (pool.code, resource): open_market(pool, resource, period)
        for pool in pools.values()
        for resource in pool.normal
    }
    for entry in period.get("give", []):
        give(markets[entry["pool"], entry["resource"]], entry)
    for entry in period.get("auctions", []):
        auction(markets[entry["pool"], entry["resource"]], entry)
    for entry in period.get("offers", []):
        book = markets[entry["pool"], entry["resource"]].books[entry["member"]]
        book.offered += milli(entry["tokens"])
    for entry in period.get("usage", []):
        book = markets[entry["pool"], entry["resource"]].books[entry["member"]]
        book.used += milli(entry["amount"])
    return {pool.code: close(number, pool, markets, consents) for pool in pools.values()}


def open_market(pool: Pool, resource: str, period: Json) -> Market:
    def override(key: str, default: Any) -> Any:
        return period.get(key, {}).get(pool.code, {}).get(resource, default)

    normal, carried = pool.normal[resource], pool.carried[resource]
    capacity = override("capacity", "")
    capacity = milli(capacity) if capacity else normal
    cost = override("cost", pool.cost[resource])
    posted = override("posted_price", "")
    posted = micro(posted) if posted else pool.posted[resource]

    issued = capacity if pool.all_units() else 0
    parts = share_out(issued, {**pool.units, None: pool.treasury})
    pool_issued = parts.pop(None)
    basis = max(issued, normal)
    budget = max(0, cost - carried)
    u = rate_of(budget, basis)
    v = max(u, rate_of(cost, basis)) if basis else posted
    return Market(
        books={name: Book(issued=part) for name, part in parts.items()},
        issued=issued,
        pool_issued=pool_issued,
        pool_left=pool_issued,
        basis=basis,
        carried=carried,
        budget=budget,
        actual=override("actual_cost", cost),
        u=u,
        v=v,
        posted=max(posted, v),
    )


def give(market: Market, entry: Json) -> None:
    tokens = milli(entry["tokens"])
    giver = market.books[entry["from"]]
    if tokens > giver.own:
        raise Refused(entry, "tokens", giver.own)
    giver.given += tokens
    market.books[entry["to"]].received += tokens


def auction(market: Market, entry: Json) -> None:
    """Bids by price, each paying its own; asks pro rata to what the bids take."""
    asks: dict[int | None, int] = {
        at: milli(ask["tokens"]) for at, ask in enumerate(entry.get("asks", []))
    }
    asks[None] = milli(entry.get("pool_tokens", "0"))
    if asks[None] > market.pool_left:
        raise Refused(entry, "pool_tokens", market.pool_left)
    askers = [ask["member"] for ask in entry.get("asks", [])]
    asked = dict.fromkeys(askers, 0)
    for at, name in enumerate(askers):
        left = market.books[name].own - asked[name]
        if asks[at] > left:
            raise Refused(entry["asks"][at], "tokens", left)
        asked[name] += asks[at]

    sold = 0
    supply = sum(asks.values())
    bids = [
        (micro(bid["price"]), bid["member"], milli(bid["tokens"]))
        for bid in entry.get("bids", [])
        if micro(bid["price"]) >= market.posted
    ]
    for price in sorted({price for price, _, _ in bids}, reverse=True):
        level = {at: bid[2] for at, bid in enumerate(bids) if bid[0] == price}
        served = share_out(min(supply - sold, sum(level.values())), level)
        for at, tokens in served.items():
            market.books[bids[at][1]].buy(tokens, price)
        sold += sum(served.values())

    for at, tokens in share_out(sold, asks).items():
        if at is None:
            market.pool_left -= tokens
        else:
            market.books[askers[at]].asked += tokens


# --- the close


def close(
    number: int, pool: Pool, markets: dict[tuple[str, str], Market], consents: dict[str, bool]
) -> Json:
    resources = {}
    profits = dict.fromkeys(pool.units, 0)
    for resource in pool.normal:
        resources[resource] = settle(pool, resource, markets[pool.code, resource])
        for name, book in resources[resource]["members"].items():
            profits[name] += book["profit_charged"]
    for name, profit in profits.items():
        pool.growth += profit
        if profit:
            pool.lots[name][number] = profit
    if pool.at_close:
        convert(pool, pool.treasury, consents)
    members = {
        name: {
            "units_converted": pool.converted[name],
            "equity_credit": pool.credit(name),
            "units": units,
        }
        for name, units in pool.units.items()
    }
    return {"resources": resources, "members": members, "treasury": pool.treasury}


def settle(pool: Pool, resource: str, market: Market) -> Json:
    """Match, charge and carry over; the dict is the resource's part of the output."""
    books, basis, actual = market.books, market.basis, market.actual
    overage = sum(book.overage for book in books.values())
    matched, pool_matched = match(market, overage)
    for name, tokens in matched.items():
        books[name].matched = tokens
    unbacked = overage - sum(matched.values()) - pool_matched

    s = rate_of(max(actual, actual - market.carried), basis) if basis else market.v
    w = min(market.posted, s)
    pool_left = market.pool_left - pool_matched
    vacancy = charge(pool_left if pool.all_units() else basis, s)

    own = {n: charge(b.issued - b.asked - b.matched, market.u) for n, b in books.items()}
    paid = {n: b.paid_for(market.posted) for n, b in books.items()}
    cost = {n: sum(charge(q, w) for q in rates.values()) for n, rates in paid.items()}
    profit = {n: sum(charge(q, r - w) for r, q in rates.items()) for n, rates in paid.items()}

    total = sum(own.values()) + vacancy + sum(cost.values())
    overage_cost = sum(charge(book.overage, w) for book in books.values())
    to_reserve = min(overage_cost, charge(unbacked, w), max(0, total - market.budget))
    pool.carried[resource] += total - to_reserve - actual
    pool.reserve += to_reserve
    pool.vacancy += vacancy
    return {
        "unit_cost": market.u,
        "sale_cost": market.v,
        "settled_cost": w,
        "pool_issued": market.pool_issued,
        "pool_sold": market.pool_issued - pool_left,
        "overage_matched": overage - unbacked,
        "overage_unbacked": unbacked,
        "to_reserve": to_reserve,
        "vacancy": vacancy,
        "variance": pool.carried[resource],
        "members": {n: page(b, own[n] + cost[n], profit[n]) for n, b in books.items()},
    }


def match(market: Market, overage: int) -> tuple[dict[str, int], int]:
    """What each member and the pool sells to the overage of the period, pro rata."""
    sellable = {name: min(b.offered, b.own_left) for name, b in market.books.items()}
    parts: dict[Any, int] = {**sellable, None: market.pool_left}
    sold = share_out(min(overage, sum(parts.values())), parts)
    pool_sold = sold.pop(None)
    return sold, pool_sold


def page(book: Book, cost: int, profit: int) -> Json:
    return {
        "issued": book.issued,
        "received": book.received,
        "given": book.given,
        "bought": sum(book.bought.values()),
        "sold": book.asked + book.matched,
        "redeemed": book.redeemed,
        "overage": book.overage,
        "expired": book.own + book.others - book.redeemed - book.matched,
        "cost_charged": cost,
        "profit_charged": profit,
    }


def final(pools: dict[str, Pool], names: list[str]) -> Json:
    return {
        "growth_fund": {code: pool.growth for code, pool in pools.items()},
        "reserve": {code: pool.reserve for code, pool in pools.items()},
        "vacancy": {code: pool.vacancy for code, pool in pools.items()},
        "members": {
            name: {
                "units": {code: pool.units[name] for code, pool in pools.items()},
                "equity_credit": {code: pool.credit(name) for code, pool in pools.items()},
            }
            for name in names
        },
        "invariants": "ok",
    }
