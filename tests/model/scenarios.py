"""Random scenarios: small ones drawn by Hypothesis, and one large one drawn from a seed.

All are plain dicts, as `tomllib` reads them, and possible: what the model refuses is cut down to
the most that may be done.
"""

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.model import economy
from tests.model.pools import Refused

Scenario = dict[str, Any]

NAMES = ["ana", "ben", "cara", "dan", "eve", "fred"]
POOLS = {"mast": ["bandwidth"], "room": ["storage", "cpu"]}
PLACES = [(pool, resource) for pool, resources in POOLS.items() for resource in resources]

names = st.sampled_from(NAMES)
places = st.sampled_from(PLACES)
pool_codes = st.sampled_from(list(POOLS))
few = st.integers(0, 12)


def as_tokens(milli: int) -> str:
    return f"{milli // 1000}.{milli % 1000:03}"


def tokens(most: int = 40_000) -> st.SearchStrategy[str]:
    """Decimal strings of thousandths, small ones and round ones often."""
    milli = st.integers(0, 12) | st.integers(0, most) | st.integers(0, most // 1000).map(thousands)
    return milli.map(as_tokens)


def thousands(n: int) -> int:
    return n * 1000


capacities = (
    st.integers(5, 40).map(str)
    | st.integers(5, 40).map(str)
    | tokens()
    | st.integers(100_000, 9_000_000).map(str)
)
prices = (
    st.integers(0, 9_000).map(lambda n: f"{n // 100}.{n % 100:02}")
    | st.just("7.123457")
    | st.sampled_from(["40", "60"])
)
cents = st.integers(0, 600) | st.sampled_from([0, 1, 999, 123_456_789])


def at_place(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An entry that names a pool and one of its resources."""
    rest = st.fixed_dictionaries(fields)
    return st.tuples(places, rest).map(
        lambda drawn: {"pool": drawn[0][0], "resource": drawn[0][1], **drawn[1]}
    )


def by_resource(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Overrides for some of the pools' resources."""
    return st.dictionaries(places, value, max_size=3).map(nested)


def nested(flat: dict[tuple[str, str], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (pool, resource), value in flat.items():
        found.setdefault(pool, {})[resource] = value
    return found


@st.composite
def pool(draw: st.DrawFn, code: str) -> dict[str, Any]:
    resources = POOLS[code]
    over, under = sorted(draw(st.tuples(st.integers(1, 5), st.integers(1, 5))))
    return {
        "code": code,
        "issue_price": draw(st.integers(1, 60)),
        "vesting": draw(st.sampled_from(["at_close", "on_acquisition"])),
        "treasury": draw(few),
        "cap": [over, under],
        "capacity": {resource: draw(capacities) for resource in resources},
        "cost": {resource: draw(cents) for resource in resources},
        "posted_price": {resource: draw(prices) for resource in resources},
    }


@st.composite
def auction(draw: st.DrawFn) -> dict[str, Any]:
    place, sides = draw(places), draw(st.permutations(NAMES))
    cut = draw(st.integers(1, len(NAMES) - 1))
    ask = st.fixed_dictionaries({"member": st.sampled_from(sides[:cut]), "tokens": tokens(3_000)})
    bid = st.fixed_dictionaries(
        {"member": st.sampled_from(sides[cut:]), "price": prices, "tokens": tokens(8_000)}
    )
    return {
        "pool": place[0],
        "resource": place[1],
        "pool_tokens": draw(st.just("0") | tokens(3_000)),
        "asks": draw(st.lists(ask, max_size=4)),
        "bids": draw(st.lists(bid, max_size=5)),
    }


@st.composite
def gift(draw: st.DrawFn) -> dict[str, Any]:
    giver, receiver = draw(st.permutations(NAMES))[:2]
    place = draw(places)
    return {
        "from": giver,
        "to": receiver,
        "pool": place[0],
        "resource": place[1],
        "tokens": draw(tokens(2_000)),
    }


@st.composite
def acquisition(draw: st.DrawFn) -> dict[str, Any]:
    code = draw(pool_codes)
    added = st.dictionaries(st.sampled_from(POOLS[code]), tokens(9_000), max_size=2)
    return {"pool": code, "cost": draw(st.integers(0, 900)), "capacity": draw(added)}


@st.composite
def period(draw: st.DrawFn) -> dict[str, Any]:
    usage = draw(st.lists(at_place(member=names, amount=tokens()), max_size=10))
    corrections = [{**entry, "amount": f"-{entry['amount']}"} for entry in usage[:2]]
    bought = st.fixed_dictionaries(
        {"member": names, "pool": pool_codes, "units": st.integers(0, 3)}
    )
    return {
        "repeat": draw(st.sampled_from([1, 1, 2])),
        "acquire": draw(st.lists(acquisition(), max_size=2)),
        "buy": draw(st.lists(bought, max_size=2)),
        "give": draw(st.lists(gift(), max_size=3)),
        "auctions": draw(st.lists(auction(), max_size=2)),
        "offers": draw(st.lists(at_place(member=names, tokens=tokens()), max_size=5)),
        "usage": draw(st.permutations(usage + draw(st.sampled_from([[], corrections])))),
        "capacity": draw(by_resource(capacities)),
        "cost": draw(by_resource(cents)),
        "actual_cost": draw(by_resource(cents)),
        "posted_price": draw(by_resource(prices)),
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    members = [
        {
            "name": name,
            "units": {code: draw(few) for code in POOLS},
            "convert": draw(st.sampled_from([True, True, False])),
        }
        for name in NAMES
    ]
    periods = draw(st.lists(period(), min_size=1, max_size=3))
    return {
        "cooperative": {"currency": "EUR", "timezone": "Europe/Madrid"},
        "pool": [draw(pool(code)) for code in POOLS],
        "member": members,
        "period": numbered(periods),
    }


def numbered(periods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The periods with months that follow one another."""
    start = 0
    for one in periods:
        one["month"] = f"{2026 + start // 12}-{start % 12 + 1:02}"
        start += one.get("repeat", 1)
    return periods


def made_possible(scenario: Scenario) -> Scenario:
    """The scenario with what it may not do cut down to the most that it may."""
    while True:
        try:
            economy.play(scenario)
            return scenario
        except Refused as refused:
            exact = refused.key in ("cost", "units")
            refused.entry[refused.key] = refused.most if exact else as_tokens(refused.most)


def is_possible(scenario: Scenario) -> bool:
    try:
        economy.play(scenario)
    except Refused:
        return False
    return True


def as_toml(scenario: Scenario) -> str:
    """The scenario as a file; JSON's strings, numbers and lists are TOML's too."""
    tops = [f"[cooperative]\n{pairs(scenario['cooperative'])}"]
    for key in ("pool", "member", "period"):
        tops += [f"[[{key}]]\n{pairs(table)}" for table in scenario[key]]
    return "\n".join(tops)


def pairs(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {written(value)}\n" for key, value in table.items())


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(written, value)) + " ]"
    return json.dumps(value)


# --- the large one


def large(seed: int, *, members: int, months: int) -> Scenario:
    """A village: most use a little, some much; owners give, ask, offer; the fund buys."""
    chance = Random(seed)
    people = [f"m{number:03}" for number in range(members)]
    founders = people[: members // 6]
    return {
        "cooperative": {"currency": "EUR", "timezone": "Europe/Madrid"},
        "pool": [
            large_pool("mast", "at_close", 2_111, "29999.999"),
            large_pool("room", "on_acquisition", 211, "3333.333"),
        ],
        "member": [
            {
                "name": name,
                "units": {code: chance.randint(1, 40) for code in POOLS if name in founders},
                "convert": chance.random() < 0.9,
            }
            for name in people
        ],
        "period": numbered([month(chance, people, founders) for _ in range(months)]),
    }


def pick(chance: Random) -> str:
    return chance.choice(list(POOLS))


def large_pool(code: str, vesting: str, treasury: int, capacity: str) -> dict[str, Any]:
    resources = POOLS[code]
    return {
        "code": code,
        "issue_price": 137,
        "vesting": vesting,
        "treasury": treasury,
        "cap": [1, 11],
        "capacity": dict.fromkeys(resources, capacity),
        "cost": dict.fromkeys(resources, 98_765),
        "posted_price": dict.fromkeys(resources, "41.234567"),
    }


def month(chance: Random, people: list[str], founders: list[str]) -> dict[str, Any]:
    place = place_of(chance)
    return {
        "acquire": [
            {
                "pool": pick(chance),
                "cost": chance.randint(1_000, 60_000),
                "capacity": {},
            }
        ],
        "buy": [
            {"member": name, "pool": pick(chance), "units": chance.randint(1, 5)}
            for name in chance.sample(people, 3)
        ],
        "give": [
            {**place_of(chance), "from": one, "to": other, "tokens": amount(chance, 3_000)}
            for one, other in zip(
                chance.sample(founders, 12), chance.sample(people[-150:], 12), strict=True
            )
        ],
        "auctions": [large_auction(chance, people, founders) for _ in range(2)],
        "offers": [
            {**place_of(chance), "member": name, "tokens": amount(chance, 90_000)}
            for name in chance.sample(founders, len(founders) * 2 // 3)
        ],
        "usage": [
            {**place_of(chance), "member": name, "amount": amount(chance, 45_000)}
            for name in people * 2
        ]
        + [
            {**place_of(chance), "member": name, "amount": amount(chance, 1_800_000)}
            for name in people[-4:]
        ],
        "actual_cost": {
            place["pool"]: {place["resource"]: chance.choice([70_001, 98_764, 120_003])}
        },
    }


def large_auction(chance: Random, people: list[str], founders: list[str]) -> dict[str, Any]:
    """A few prices for many bids, so that most of them are equal to others."""
    askers = chance.sample(founders, len(founders) // 4)
    bidders = chance.sample([name for name in people if name not in askers], 15)
    return {
        **place_of(chance),
        "pool_tokens": amount(chance, 60_000),
        "asks": [{"member": name, "tokens": amount(chance, 3_000)} for name in askers],
        "bids": [
            {
                "member": name,
                "price": chance.choice(["41.234567", "45", "45", "50.5", "39"]),
                "tokens": amount(chance, 30_000),
            }
            for name in bidders
        ],
    }


def place_of(chance: Random) -> dict[str, str]:
    pool, resource = chance.choice(PLACES)
    return {"pool": pool, "resource": resource}


def amount(chance: Random, most: int) -> str:
    return as_tokens(chance.randint(1, most))
