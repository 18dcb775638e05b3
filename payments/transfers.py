"""How a charge is paid by bank transfer: what to type, and the code to scan."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from members.queries import cooperative
from payments import references
from payments.errors import cents_text
from payments.models import Charge
from payments.providers import Provider, open_providers

IBAN_GROUP = 4


@dataclass(frozen=True)
class Transfer:
    """What a member gives their bank. `qr` is SVG, empty where no code can carry this.

    `services` are those by which it can be paid instead.
    """

    name: str
    iban: str
    bic: str
    amount: int
    exact: str
    reference: str
    qr: SafeString
    services: Sequence[Provider] = ()


def transfer_for(charge: Charge) -> Transfer:
    """The bank transfer that pays a charge."""
    coop = cooperative()
    iban = coop.iban.replace(" ", "")
    return Transfer(
        name=coop.legal_name,
        iban=" ".join(iban[i : i + IBAN_GROUP] for i in range(0, len(iban), IBAN_GROUP)),
        bic=coop.bic,
        amount=charge.amount,
        exact=cents_text(charge.amount),
        reference=references.spaced(charge.reference),
        qr=_code(charge, coop.legal_name, iban, coop.bic),
        services=open_providers(),
    )


def _code(charge: Charge, name: str, iban: str, bic: str) -> SafeString:
    currency = settings.COOP_CURRENCY
    if not references.can_be_scanned(currency=currency, iban=iban, amount=charge.amount):
        return SafeString("")
    svg = references.epc_qr_svg(
        name=name, iban=iban, bic=bic, amount=charge.amount, reference=charge.reference
    )
    # Made by the QR library out of modules alone: no text of ours or of a member is in it.
    return mark_safe(svg)
