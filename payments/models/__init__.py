"""Tables of what is owed, what was paid and what is to be paid out."""

from payments.models.charges import (
    Charge,
    ChargeLine,
    Payment,
)

__all__ = [
    "Charge",
    "ChargeLine",
    "Payment",
]
