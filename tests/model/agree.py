"""Comparing two outputs of a scenario, where what is nought may be left out."""

from collections.abc import Iterator
from typing import Any


def differences(wanted: Any, got: Any, path: str = "") -> Iterator[str]:
    """Where `got` is not what `wanted` asks for; what only `got` has does not count."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            yield from differences(value, (got or {}).get(key), f"{path}/{key}")
    elif isinstance(wanted, list):
        if len(wanted) != len(got):
            yield f"{path}: {len(wanted)} entries wanted, {len(got)} there"
        for index, (one, other) in enumerate(zip(wanted, got, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")
    elif (got or 0) != (wanted or 0):
        yield f"{path}: {wanted} wanted, {got} there"


def both_ways(one: Any, other: Any) -> list[str]:
    """Where two outputs differ in anything but noughts that one of them leaves out."""
    return [*differences(one, other), *differences(other, one)]
