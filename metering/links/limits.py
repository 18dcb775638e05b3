"""The agreed tolerances of links at any moment, read once for many hours."""

from datetime import datetime
from typing import Any

from metering.links.comparing import Limits
from policies.models import PolicyValue
from policies.registry import PARAMETERS

KEYS = ("link_tolerance", "link_tolerance_bytes", "link_loss", "link_gap_seconds")


class LinkLimits:
    """What was in force when; of values from the same moment the one set last."""

    def __init__(self) -> None:
        rows = PolicyValue.objects.filter(key__in=KEYS, scope="")
        self._rows = list(rows.order_by("-valid_from", "-id"))

    def at(self, moment: datetime) -> Limits:
        """The limits in force at a moment."""
        tolerance, least, loss, gap = (self._value(key, moment) for key in KEYS)
        return Limits(tuple(tolerance), least, tuple(loss), gap)

    def _value(self, key: str, moment: datetime) -> Any:
        in_force = (r for r in self._rows if r.key == key and r.valid_from <= moment)
        row = next(in_force, None)
        return PARAMETERS[key].default if row is None else row.value
