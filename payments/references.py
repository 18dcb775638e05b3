"""References that a bank carries back, and the code that a banking app scans. No Django."""

from decimal import Decimal

import segno
from segno import helpers
from stdnum import iso11649
from stdnum.exceptions import ValidationError

EPC_CURRENCY = "EUR"
EPC_GREATEST = 99_999_999_999
NAME_LENGTH = 70


def compact(text: str) -> str:
    """A reference as it is stored, from however it was typed; "" where it cannot be one."""
    try:
        return str(iso11649.validate(text))
    except ValidationError:
        return ""


def spaced(reference: str) -> str:
    """A reference in groups of four, to be read aloud."""
    return str(iso11649.format(reference))


def epc_qr_svg(*, name: str, iban: str, bic: str, amount: int, reference: str) -> str:
    """The EPC code (version 002) of a transfer of so many euro cents, as inline SVG."""
    code: segno.QRCode = helpers.make_epc_qr(
        name=name[:NAME_LENGTH],
        iban=iban.replace(" ", ""),
        bic=bic or None,
        amount=Decimal(amount) / 100,
        reference=reference,
    )
    svg: str = code.svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    return svg


def can_be_scanned(*, currency: str, iban: str, amount: int) -> bool:
    """Whether the EPC code can carry this transfer at all."""
    return currency == EPC_CURRENCY and bool(iban) and 0 < amount <= EPC_GREATEST
