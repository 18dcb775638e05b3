"""Exact fractions from what a meter counts to millitokens. Integers only."""

from fractions import Fraction

# (kind of meter, its unit, unit of the resource) → millitokens in one raw unit
CONVERSIONS: dict[tuple[str, str, str], Fraction] = {
    ("counter", "By", "GB"): Fraction(1, 10**6),
    ("gauge", "By", "GB·day"): Fraction(1, 86_400 * 10**6),
    ("counter", "us", "core·hour"): Fraction(1, 3_600_000),
}

# Meters in other units (packets, hundredths of wear) tell about the asset, not about anybody's use.
CHARGED_UNITS = frozenset(unit for _, unit, _ in CONVERSIONS)

# what a voucher counts: the raw unit of (kind of meter, its unit), as its record spells it
RAW_UNITS = {("counter", "By"): "By", ("gauge", "By"): "By.s", ("counter", "us"): "us"}


def raw_unit(resource_unit: str) -> tuple[str, Fraction] | None:
    """The raw unit of a resource and the millitokens in one of it; None where there is no way."""
    for (kind, unit), name in RAW_UNITS.items():
        fraction = conversion(kind, unit, resource_unit)
        if fraction is not None:
            return name, fraction
    return None


def conversion(kind: str, unit: str, resource_unit: str) -> Fraction | None:
    """Millitokens in one byte, byte-second or core-microsecond; None where there is no way."""
    plain = resource_unit.replace("-", "·").replace(" ", "·").removesuffix("s")
    return CONVERSIONS.get((kind, unit, plain))


def millitokens(raw: int, num: int, den: int) -> int:
    """What a cumulative raw quantity is worth, rounded down."""
    return raw * num // den


def added(raw_before: int, raw: int, num: int, den: int) -> int:
    """What `raw` more adds to a rounded-down total: over time no fraction is lost."""
    return millitokens(raw_before + raw, num, den) - millitokens(raw_before, num, den)
