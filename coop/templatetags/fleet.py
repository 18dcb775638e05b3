"""Filters of the fleet's pages: what meters counted, in words."""

import json
from typing import Any

from django import template

from coop import quantities
from metering.models import Meter, Reading

register = template.Library()


@register.filter
def measured(reading: Reading) -> str:
    """How much a reading says was used."""
    return quantities.quantity_text(reading.meter.kind, reading.meter.unit, reading.quantity)


@register.filter
def exactly(reading: Reading) -> str:
    """The same to the last digit."""
    held = reading.meter.kind == "gauge" and reading.meter.unit == "By"
    return quantities.exact_text("By.s" if held else reading.meter.unit, reading.quantity)


@register.filter
def stands_at(meter: Meter, value: int | None) -> str:
    """What a meter stands at; "" where nothing was read yet."""
    return "" if value is None else quantities.value_text(meter.unit, int(value))


@register.filter
def given(number: int, raw_unit: str) -> str:
    """What a node gave for a voucher."""
    return quantities.given_text(raw_unit, number)


@register.filter
def given_exactly(number: int, raw_unit: str) -> str:
    """The same to the last digit."""
    return quantities.exact_text(raw_unit, number)


@register.filter
def lasting(seconds: Any) -> str:
    """A number of seconds as a length of time."""
    return quantities.time_text(abs(int(seconds)) * quantities.SECOND)


@register.filter
def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)
