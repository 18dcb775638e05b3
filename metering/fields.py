"""A column for whole numbers beyond 64 bits: byte-seconds of a year do not fit in less."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _Column = models.BigIntegerField
else:
    _Column = models.DecimalField


class WholeNumberField(_Column):  # type: ignore[type-arg]  # set by the null of each column
    """numeric(digits) in PostgreSQL, int in Python."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["decimal_places"] = 0
        super().__init__(*args, **options)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        """The int; None stays None."""
        return None if value is None else int(value)
