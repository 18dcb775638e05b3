"""How the tables of banks are read."""

from typing import Any

from django.db import transaction

from bank.files.table import Columns
from bank.models import TableShape
from members.models import User


@transaction.atomic(durable=True)
def keep_shape(*, name: str, columns: dict[str, Any], actor: User | None) -> TableShape:
    """Keep the description of a table under a name; the same name changes it.

    What was imported stays as it is. Raises TypeError for a column that nobody knows.
    """
    Columns(**columns)
    shape, _made = TableShape.objects.update_or_create(
        name=name, defaults={"columns": columns, "changed_by": actor}
    )
    return shape
