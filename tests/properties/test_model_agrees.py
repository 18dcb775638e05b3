"""The services against the model: random small economies come out the same, to the cent."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from coop.scenarios.errors import ScenarioError
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.throwaway import throw_away_database
from tests.model import economy
from tests.model.agree import both_ways
from tests.model.pools import Refused

NAMES = ["ana", "ben", "cara", "dan"]
POOLS = {"mast": ["bandwidth"], "room": ["storage", "cpu"]}
PLACES = [(pool, resource) for pool, resources in POOLS.items() for resource in resources]

names = st.sampled_from(NAMES)
places = st.sampled_from(PLACES)
few = st.integers(0, 12)


def tokens(most: int = 40_000) -> st.SearchStrategy[str]:
    """Decimal strings of thousandths, small ones and round ones often."""
    milli = st.integers(0, 12) | st.integers(0, most) | st.integers(0, most // 1000).map(thousands)
    return milli.map(as_tokens)


def as_tokens(milli: int) -> str:
    return f"{milli // 1000}.{milli % 1000:03}"


def thousands(n: int) -> int:
    return n * 1000


capacities = st.integers(5, 40).map(str) | st.integers(5, 40).map(str) | tokens()
prices = st.integers(0, 9_000).map(lambda n: f"{n // 100}.{n % 100:02}") | st.just("7.123457")
cents = st.integers(0, 600) | st.sampled_from([0, 1, 999])


def at_place(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An entry that names a pool and one of its resources."""
    rest = st.fixed_dictionaries(fields)
    return st.tuples(places, rest).map(
        lambda drawn: {"pool": drawn[0][0], "resource": drawn[0][1], **drawn[1]}
    )


def by_resource(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Overrides for some of the pools' resources."""
    return st.dictionaries(places, value, max_size=2).map(nested)


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
    cut = draw(st.integers(1, 3))
    ask = st.fixed_dictionaries({"member": st.sampled_from(sides[:cut]), "tokens": tokens(3_000)})
    bid = st.fixed_dictionaries(
        {"member": st.sampled_from(sides[cut:]), "price": prices, "tokens": tokens(8_000)}
    )
    return {
        "pool": place[0],
        "resource": place[1],
        "pool_tokens": draw(st.just("0") | tokens(3_000)),
        "asks": draw(st.lists(ask, max_size=3)),
        "bids": draw(st.lists(bid, max_size=4)),
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
def period(draw: st.DrawFn) -> dict[str, Any]:
    usage = draw(st.lists(at_place(member=names, amount=tokens()), max_size=6))
    corrections = [{**entry, "amount": f"-{entry['amount']}"} for entry in usage[:1]]
    acquired = st.fixed_dictionaries(
        {"pool": st.sampled_from(list(POOLS)), "cost": st.integers(0, 900)}
    )
    bought = st.fixed_dictionaries(
        {"member": names, "pool": st.sampled_from(list(POOLS)), "units": st.integers(0, 3)}
    )
    return {
        "repeat": draw(st.sampled_from([1, 1, 2])),
        "acquire": draw(st.lists(acquired, max_size=1)),
        "buy": draw(st.lists(bought, max_size=1)),
        "give": draw(st.lists(gift(), max_size=2)),
        "auctions": draw(st.lists(auction(), max_size=1)),
        "offers": draw(st.lists(at_place(member=names, tokens=tokens()), max_size=3)),
        "usage": draw(st.permutations(usage + draw(st.sampled_from([[], corrections])))),
        "capacity": draw(by_resource(capacities)),
        "cost": draw(by_resource(cents)),
        "actual_cost": draw(by_resource(cents)),
        "posted_price": draw(by_resource(prices)),
    }


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    members = [
        {
            "name": name,
            "units": {code: draw(few) for code in POOLS},
            "convert": draw(st.sampled_from([True, True, False])),
        }
        for name in NAMES
    ]
    periods = draw(st.lists(period(), min_size=1, max_size=3))
    start = 0
    for one in periods:
        one["month"] = f"{2026 + start // 12}-{start % 12 + 1:02}"
        start += one["repeat"]
    return {
        "cooperative": {"currency": "EUR", "timezone": "Europe/Madrid"},
        "pool": [draw(pool(code)) for code in POOLS],
        "member": members,
        "period": periods,
    }


def made_possible(scenario: dict[str, Any]) -> dict[str, Any]:
    """The scenario with what it may not do cut down to the most that it may."""
    while True:
        try:
            economy.play(scenario)
            return scenario
        except Refused as refused:
            exact = refused.key in ("cost", "units")
            refused.entry[refused.key] = refused.most if exact else as_tokens(refused.most)


def as_toml(scenario: dict[str, Any]) -> str:
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


@pytest.mark.django_db
@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios().map(made_possible))
def test_model_and_services_agree(scenario: dict[str, Any]) -> None:
    assert both_ways(economy.play(scenario), played(scenario)) == []


@pytest.mark.django_db
@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(scenario=scenarios().filter(lambda scenario: not is_possible(scenario)))
def test_what_the_model_refuses_the_services_refuse(scenario: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        played(scenario)


def is_possible(scenario: dict[str, Any]) -> bool:
    try:
        economy.play(scenario)
    except Refused:
        return False
    return True


def played(scenario: dict[str, Any]) -> dict[str, Any]:
    with throw_away_database():
        return play(parse(as_toml(scenario)))
