"""Tables of bank statements that came in and of orders that go out."""

from bank.models.orders import (
    CollectionItem,
    CollectionOrder,
    PaymentOrder,
    PaymentOrderItem,
)
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
    "CollectionItem",
    "CollectionOrder",
    "Decision",
    "Line",
    "PaymentOrder",
    "PaymentOrderItem",
    "Statement",
    "TableShape",
]
