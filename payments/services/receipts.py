"""A charge that is paid: when, under which key, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from payments.models import Charge, ChargeLine, Payment


@dataclass(frozen=True)
class Receipt:
    """One charge that was paid, and when; `source` is one of Payment.Source."""

    charge: Charge
    lines: Sequence[ChargeLine]
    received_on: date
    key: str
    source: str = Payment.Source.HAND
    source_about: str = ""
