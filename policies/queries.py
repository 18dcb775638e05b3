"""Named reads of policy."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from policies.errors import UnknownParameter
from policies.models import PolicyValue
from policies.registry import PARAMETERS


def in_force(key: str, at: datetime, *scopes: str) -> PolicyValue | None:
    """The row in force at a moment: the first scope that has one wins, then the whole site's."""
    for scope in (*scopes, ""):
        row = (
            PolicyValue.objects.filter(key=key, scope=scope, valid_from__lte=at)
            .order_by("-valid_from", "-id")
            .first()
        )
        if row is not None:
            return row
    return None


def policy(key: str, at: datetime, *scopes: str) -> Any:
    """The value of a parameter at a moment, most specific scope first, else its default.

    Raises UnknownParameter.
    """
    if key not in PARAMETERS:
        raise UnknownParameter(key=key)
    row = in_force(key, at, *scopes)
    return PARAMETERS[key].default if row is None else row.value


def history(key: str, scope: str) -> QuerySet[PolicyValue]:
    """Every value that a parameter ever had in a scope, newest first."""
    return PolicyValue.objects.filter(key=key, scope=scope).order_by("-valid_from", "-id")
