"""A mast on which somebody tries to gain something, and what each ends up with."""

from typing import Any

from coop.scenarios.parse import parse
from coop.scenarios.play import play
from tests.model.scenarios import Scenario, as_toml
from tests.valley import taken_back

UNIT = 100
BANDWIDTH = {"pool": "mast", "resource": "bandwidth"}
NOBODY: dict[str, int] = {}


def mast(
    *months: dict[str, Any], holds: dict[str, int], treasury: int = 0, **pool: Any
) -> Scenario:
    """100 tokens a month for 10.00, P = 0.15, a unit for 1.00; the members are those who hold."""
    return {
        "cooperative": {"currency": "EUR", "timezone": "Europe/Madrid"},
        "pool": [
            {
                "code": "mast",
                "issue_price": UNIT,
                "treasury": treasury,
                "capacity": {"bandwidth": "100"},
                "cost": {"bandwidth": 1000},
                "posted_price": {"bandwidth": "15"},
                **pool,
            }
        ],
        "member": [{"name": name, "units": {"mast": units}} for name, units in holds.items()],
        "period": [
            {"month": f"2026-{number:02}", **month} for number, month in enumerate(months, start=6)
        ],
    }


def used(**amounts: str) -> list[dict[str, Any]]:
    """What members used of the mast."""
    return [{**BANDWIDTH, "member": name, "amount": amount} for name, amount in amounts.items()]


def offered(**tokens: str) -> list[dict[str, Any]]:
    """What members offer of the mast."""
    return [{**BANDWIDTH, "member": name, "tokens": amount} for name, amount in tokens.items()]


def played(scenario: Scenario) -> dict[str, Any]:
    """What comes of it, by the services; nothing is left in the database."""
    with taken_back():
        told = play(parse(as_toml(scenario)))
    assert told["final"]["invariants"] == "ok"
    return told


def page(told: dict[str, Any], name: str, month: int = 0) -> dict[str, int]:
    """A member's numbers of one month; noughts where there are none."""
    members = told["periods"][month]["pools"]["mast"]["resources"]["bandwidth"]["members"]
    numbers: dict[str, int] = members.get(name, NOBODY)
    return numbers


def mast_of(told: dict[str, Any], month: int = 0) -> dict[str, int]:
    """The numbers of the yield itself in one month."""
    numbers: dict[str, int] = told["periods"][month]["pools"]["mast"]["resources"]["bandwidth"]
    return numbers


def lost(told: dict[str, Any], *names: str) -> int:
    """Cents that some members together paid and do not own as units or credit of theirs.

    Only for stories in which nobody holds units that were bought with other money.
    """
    paid = sum(
        page(told, name, month).get(part, 0)
        for month in range(len(told["periods"]))
        for name in names
        for part in ("cost_charged", "profit_charged")
    )
    return paid - sum(owned(told, name) for name in names)


def owned(told: dict[str, Any], name: str) -> int:
    """Cents of units that came of credit, at the issue price, and of credit still open."""
    converted = sum(
        month["pools"]["mast"]["members"].get(name, NOBODY).get("units_converted", 0)
        for month in told["periods"]
    )
    credit = told["final"]["members"].get(name, {}).get("equity_credit", {}).get("mast", 0)
    return int(converted * UNIT + credit)
