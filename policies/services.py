"""Every write of policy."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from policies.errors import UnknownParameter, WrongValue
from policies.models import PolicyValue
from policies.registry import PARAMETERS


def set_policy(
    *,
    actor: AbstractBaseUser | None,
    key: str,
    value: Any,
    scope: str = "",
    valid_from: datetime | None = None,
    source: str,
) -> PolicyValue:
    """Put a value in force from a moment on; earlier values stay for what they governed.

    `source` names the decision ("proposal:12", "founding"). Call inside a transaction.
    Raises UnknownParameter, WrongValue.
    """
    parameter = PARAMETERS.get(key)
    if parameter is None:
        raise UnknownParameter(key=key)
    if not parameter.accepts(value):
        raise WrongValue(title=parameter.title, shape=parameter.shape)
    return PolicyValue.objects.create(
        key=key,
        scope=scope,
        value=value,
        valid_from=valid_from or timezone.now(),
        source=source,
        set_by_id=None if actor is None else actor.pk,
    )
