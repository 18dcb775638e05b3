"""A payload as the values that its form starts with: how one proposal leads to its opposite."""

from collections.abc import Callable
from typing import Any

from governance import notation
from governance.actions.price_rule import FRACTIONS
from members.models import Member
from metering.models import Node
from policies.registry import PARAMETERS

Payload = dict[str, Any]
Values = dict[str, Any]


def form_values(action: str, payload: Payload) -> Values:
    """What the fields of an action's form start with, by the name of the field."""
    return FILLING.get(action, dict)(payload)


def decimal(cents: int) -> str:
    """Cents as the fields for money take them."""
    return notation.write(PARAMETERS["issue_price"], cents)


def _posted_price(payload: Payload) -> Values:
    price = notation.write(PARAMETERS["posted_price"], payload["price"])
    return {"yields": f"{payload['pool']}:{payload['resource']}", "price": price}


def _budget(payload: Payload) -> Values:
    return {
        "yields": f"{payload['pool']}:{payload['resource']}",
        "amount": decimal(payload["amount"]),
        "since": payload["from"],
    }


def _policy(payload: Payload) -> Values:
    parameter = PARAMETERS[payload["key"]]
    value = notation.write(parameter, payload["value"])
    return {"parameter": parameter.key, "scope": payload["scope"], "value": value}


def _issue_price(payload: Payload) -> Values:
    return {"pool": payload["pool"], "price": decimal(payload["price"])}


def _price_rule(payload: Payload) -> Values:
    part = notation.write(PARAMETERS[FRACTIONS[payload["rule"]]], payload["part"])
    whole, rest = divmod(payload["least"], 1000)
    least = f"{whole}.{rest:03d}" if payload["least"] else ""
    return {"pool": payload["pool"], "rule": payload["rule"], "part": part, "least": least}


def _retire(payload: Payload) -> Values:
    proceeds = decimal(payload["proceeds"]) if payload["proceeds"] else ""
    named = {name: payload[name] for name in ("asset", "to", "reason")}
    return named | {"proceeds": proceeds}


def _member(payload: Payload) -> Values:
    rest = {name: value for name, value in payload.items() if name != "member"}
    number = Member.objects.filter(pk=payload["member"]).values_list("number", flat=True).first()
    return {"number": number, **rest}


def _node(payload: Payload) -> Values:
    found = Node.objects.filter(uuid=payload["node"]).values_list("pk", flat=True).first()
    return {"node": found, "reason": payload["reason"]}


def _bylaws(payload: Payload) -> Values:
    values = {"bylaws": payload["text"], "since": payload["from"]}
    return values | ({"version": payload["version"]} if payload["version"] else {})


FILLING: dict[str, Callable[[Payload], Values]] = {
    "set_posted_price": _posted_price,
    "approve_budget": _budget,
    "set_policy": _policy,
    "set_issue_price": _issue_price,
    "set_price_rule": _price_rule,
    "retire_asset": _retire,
    "suspend_member": _member,
    "expel_member": _member,
    "lift_suspension": _member,
    "grant_office": _member,
    "end_office": _member,
    "confirm_quarantine": _node,
    "release_node": _node,
    "revoke_node": _node,
    "change_bylaws": _bylaws,
}
"""how each action's payload is written into its form; open and close purchases take it as it is"""
