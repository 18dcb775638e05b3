"""Tables of bank statements that came in and of orders that go out."""

from bank.models.statements import (
    UNASSIGNED,
    WAITING,
    BankFile,
    Decision,
    Line,
    Statement,
    TableShape,
)

__all__ = [
    "UNASSIGNED",
    "WAITING",
    "BankFile",
    "Decision",
    "Line",
    "Statement",
    "TableShape",
]
