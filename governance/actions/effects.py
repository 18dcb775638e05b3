"""The effect that several actions have: a row of policy."""

from datetime import datetime
from typing import Any

from policies.models import PolicyValue


def policy_effect(row: PolicyValue) -> dict[str, Any]:
    """What is kept of a policy row that a vote set."""
    return {
        "kind": "policy",
        "id": row.pk,
        "key": row.key,
        "scope": row.scope,
        "value": row.value,
        "valid_from": row.valid_from.isoformat(),
    }


def missing_policies(effects: list[dict[str, Any]], source: str) -> list[str]:
    """One line for each policy row that is not there as the execution noted it."""
    return [
        f"{source}: policy {effect['key']}[{effect['scope']}] is not as executed"
        for effect in effects
        if not PolicyValue.objects.filter(
            pk=effect["id"],
            key=effect["key"],
            scope=effect["scope"],
            value=effect["value"],
            valid_from=datetime.fromisoformat(effect["valid_from"]),
            source=source,
        ).exists()
    ]
