"""What a payment service must be able to do for us; docs/bank.md says how to add one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError
from payments.models import Charge


@dataclass(frozen=True)
class Fact:
    """Money that a payment service says it received for us.

    `notice` is the service's own name for the fact, the same however often it tells it;
    `reference` that of the charge; `amount` in cents of the cooperative's currency.
    """

    notice: str
    reference: str
    amount: int
    received_on: date


class NotGenuine(DomainError):
    """A notification that the payment service did not send as it stands."""

    code = "not_genuine"
    status = 403
    text = _("This notification is not genuine. Nothing was booked.")


class Provider(Protocol):
    """A payment service. It decides nothing about the books: it tells verified facts."""

    name: str
    label: str | Promise

    def is_open(self) -> bool:
        """Whether members can pay with it now."""

    def start(self, charge: Charge) -> str:
        """Where the payer goes to pay this charge: an address, ours or the service's.

        Called for each attempt; nothing is booked by it.
        """

    def read(self, body: bytes, headers: Mapping[str, str]) -> Fact:
        """The fact in a notification, after its signature was checked; raises NotGenuine.

        The same notification gives the same fact, so that telling it twice books it once.
        """
