"""From the text of a founding file to a `Founding`, or to an error that says where and why."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from stdnum.iban import is_valid

from coop.founding.shapes import Asset, Cost, Founding, Pool, Resource, Steward
from coop.scenarios.fields import Table, shown
from coop.scenarios.parse import currency, document, timezone, unique
from members.services import Charter
from policies.registry import PARAMETERS

TOP = ["cooperative", "steward", "resource", "pool", "policies", "asset", "cost"]
COOPERATIVE = ["name", "legal_name", "currency", "timezone", "iban", "bic", "open_period"]
STEWARD = ["email", "name", "language", "units"]
OF_A_POOL = ["issue_price", "holding_cap", "purchase_minimum", "subscriptions_open", "vesting"]
POOL = ["code", "name", "about", "posted_price", *OF_A_POOL]
ASSET = ["pool", "name", "kind", "serial", "place", "cost", "paid_from", "capacity"]
PAYERS = ["grant", "loan", "founders"]
SITE_WIDE = sorted(set(PARAMETERS) - {"posted_price"})


def parse(text: str) -> Founding:
    """Read the text of a founding file; raises `ScenarioError`."""
    top = Table(*document(text), TOP)
    for key in ("cooperative", "steward"):
        if not top.value.get(key):
            top.refuse("this is missing; a site needs a cooperative and a steward", key)
    table = top.table("cooperative", COOPERATIVE)
    resources = tuple(
        resource(entry) for entry in top.entries("resource", ["code", "name", "unit"])
    )
    known = [found.code for found in resources]
    unique(top, "resource", "code", known)
    pools = tuple(pool(entry, known) for entry in top.entries("pool", POOL))
    codes = [found.code for found in pools]
    unique(top, "pool", "code", codes)
    stewards = tuple(steward(entry, codes) for entry in top.entries("steward", STEWARD))
    unique(top, "steward", "email", [found.email for found in stewards])
    return Founding(
        at=table.place(),
        charter=charter(table),
        open_period=table.truth("open_period", default=True),
        stewards=stewards,
        resources=resources,
        pools=pools,
        policies=top.by_key("policies", agreed, SITE_WIDE),
        assets=tuple(asset(entry, codes, known) for entry in top.entries("asset", ASSET)),
        costs=tuple(cost(entry, codes, known) for entry in costs_of(top)),
    )


def charter(table: Table) -> Charter:
    """Who the cooperative is."""
    return Charter(
        name=table.text("name"),
        legal_name=table.text("legal_name", table.text("name")),
        currency=as_set(table, "currency", currency(table), settings.COOP_CURRENCY),
        timezone=as_set(table, "timezone", timezone(table), settings.TIME_ZONE),
        iban=iban(table),
        bic=table.text("bic") if "bic" in table.value else "",
    )


def costs_of(top: Table) -> list[Table]:
    return top.entries("cost", ["pool", "name", "amount", "weights"])


def as_set(table: Table, key: str, value: str, setting: str) -> str:
    """The value, which must be what the site runs with."""
    if value != setting:
        right = f"this site runs with COOP_{key.upper()}={setting}: change one of them"
        table.refuse(f"{shown(value)} is not what the site is set to; {right}", key)
    return value


def iban(table: Table) -> str:
    """The account that members pay to; "" where it is not known yet."""
    if "iban" not in table.value:
        return ""
    value = table.text("iban")
    if not is_valid(value):
        table.refuse(f"{shown(value)} is no IBAN; check its digits", "iban")
    return value


def steward(table: Table, pools: Collection[str]) -> Steward:
    email = table.text("email")
    try:
        validate_email(email)
    except ValidationError:
        table.refuse(f"{shown(email)} is no e-mail address", "email")
    return Steward(
        at=table.place(),
        email=email,
        name=table.text("name"),
        language=table.choice("language", [code for code, _name in settings.LANGUAGES], "en"),
        units=table.by_key("units", at_least_one, pools),
    )


def at_least_one(table: Table, value: object, *at: str | int) -> int:
    return table.as_whole(value, *at, least=1)


def resource(table: Table) -> Resource:
    return Resource(table.place(), table.code("code"), table.text("name"), table.text("unit"))


def pool(table: Table, resources: Collection[str]) -> Pool:
    return Pool(
        at=table.place(),
        code=table.code("code"),
        name=table.text("name"),
        about=table.text("about") if "about" in table.value else "",
        policies={
            key: agreed(table, table.get(key), key)
            for key in OF_A_POOL
            if key in table.value or key == "issue_price"
        },
        posted_price=table.by_key("posted_price", Table.as_rate, resources),
    )


def agreed(table: Table, value: Any, *at: str | int) -> Any:
    """A value that the parameter named last in `at` may have."""
    parameter = PARAMETERS[str(at[-1])]
    if not parameter.accepts(value):
        table.refuse(f"{shown(value)} cannot be; write {parameter.shape}", *at)
    return value


def asset(table: Table, pools: Collection[str], resources: Collection[str]) -> Asset:
    return Asset(
        at=table.place(),
        pool=table.choice("pool", pools),
        name=table.text("name"),
        kind=table.text("kind"),
        serial=table.text("serial") if "serial" in table.value else "",
        place=table.text("place") if "place" in table.value else "",
        cost=table.whole("cost", least=1),
        paid_from=table.choice("paid_from", PAYERS),
        capacity=table.by_key("capacity", Table.as_tokens, resources),
    )


def cost(table: Table, pools: Collection[str], resources: Collection[str]) -> Cost:
    if not table.get("weights"):
        table.refuse("name at least one resource, such as { bandwidth = 1 }", "weights")
    return Cost(
        at=table.place(),
        pool=table.choice("pool", pools),
        name=table.text("name"),
        amount=table.whole("amount"),
        weights=table.by_key("weights", at_least_one, resources),
    )
