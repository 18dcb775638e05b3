"""The golden vectors of docs/vectors, as tests read them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "docs" / "vectors"
SIGNED = (
    "allowances", "audit", "batches", "config", "countersign", "enrol", "inventory", "receipt",
    "rotate", "trust",
)  # fmt: skip


@cache
def vectors(name: str) -> Any:
    """What one of the files holds."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def every_signed() -> list[dict[str, Any]]:
    """All vectors that are an envelope."""
    return [vector for name in SIGNED for vector in vectors(name)]


def title(vector: dict[str, Any]) -> str:
    """A name for a test's report."""
    return str(vector["name"])


def seed(signer: str) -> bytes:
    return bytes.fromhex(vectors("keys")[signer]["seed"])


def public(signer: str) -> bytes:
    return bytes.fromhex(vectors("keys")[signer]["public"])


def said(name: str, number: int = 0) -> dict[str, Any]:
    """The payload of a vector, read."""
    return dict(json.loads(vectors(name)[number]["payload"]))
