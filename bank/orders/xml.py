"""The two messages that go to the bank, as bytes. No Django.

Structure after the published schemas of ISO 20022: CustomerCreditTransferInitiationV09
(pain.001.001.09) and CustomerDirectDebitInitiationV08 (pain.008.001.08), with what the SEPA
implementation guidelines of the EPC ask for. The same input gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from xml.etree import ElementTree

from bank.orders.text import exact, restricted

TRANSFERS = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
DEBITS = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
NAME, TEXT = 70, 140
Node = ElementTree.Element


@dataclass(frozen=True)
class Party:
    """A name with an account; `bic` may be "", then the banks find it by the IBAN."""

    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True)
class Head:
    """What a file says of itself; `made_at` is a moment in UTC."""

    message_id: str
    made_at: datetime
    day: date
    us: Party
    currency: str = "EUR"


@dataclass(frozen=True)
class TransferLine:
    """One payment: so many cents to whom, under which end-to-end id, with which words."""

    reference: str
    amount: int
    to: Party
    words: str


@dataclass(frozen=True)
class DebitLine:
    """One collection: so many cents from whom, under which mandate.

    `old_iban` is the account of the mandate before it was changed, "" where the bank knows.
    """

    reference: str
    amount: int
    payer: Party
    words: str
    mandate: str
    signed_on: date
    sequence: str
    old_iban: str = ""


def transfer_file(head: Head, lines: Sequence[TransferLine]) -> bytes:
    """A pain.001.001.09 message with one payment block."""
    root = Node("Document", xmlns=TRANSFERS)
    message = ElementTree.SubElement(root, "CstmrCdtTrfInitn")
    amounts = [line.amount for line in lines]
    _group_header(message, head, amounts)
    block = _block(message, f"{head.message_id}-1", "TRF", amounts)
    _text(block, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _text(block, "ReqdExctnDt/Dt", head.day.isoformat())
    _party(block, "Dbtr", head.us)
    _agent(block, "DbtrAgt", head.us.bic)
    _text(block, "ChrgBr", "SLEV")
    for line in lines:
        _transfer(block, line, head.currency)
    return _bytes(root)


def debit_file(head: Head, creditor: str, lines: Sequence[DebitLine]) -> bytes:
    """A pain.008.001.08 message (CORE) with one block of first and one of recurrent debits."""
    root = Node("Document", xmlns=DEBITS)
    message = ElementTree.SubElement(root, "CstmrDrctDbtInitn")
    _group_header(message, head, [line.amount for line in lines])
    ordered = sorted(lines, key=lambda line: (line.sequence, line.reference))
    for sequence, group in groupby(ordered, key=lambda line: line.sequence):
        _debit_block(message, head, creditor, sequence, list(group))
    return _bytes(root)


def _debit_block(
    message: Node, head: Head, creditor: str, sequence: str, lines: Sequence[DebitLine]
) -> None:
    amounts = [line.amount for line in lines]
    block = _block(message, f"{head.message_id}-{sequence}", "DD", amounts)
    kind = ElementTree.SubElement(block, "PmtTpInf")
    _text(kind, "SvcLvl/Cd", "SEPA")
    _text(kind, "LclInstrm/Cd", "CORE")
    _text(kind, "SeqTp", sequence)
    _text(block, "ReqdColltnDt", head.day.isoformat())
    _party(block, "Cdtr", head.us)
    _agent(block, "CdtrAgt", head.us.bic)
    _text(block, "ChrgBr", "SLEV")
    other = _path(block, "CdtrSchmeId/Id/PrvtId/Othr")
    _text(other, "Id", creditor)
    _text(other, "SchmeNm/Prtry", "SEPA")
    for line in lines:
        _debit(block, line, head.currency)


def _transfer(block: Node, line: TransferLine, currency: str) -> None:
    node = ElementTree.SubElement(block, "CdtTrfTxInf")
    _text(node, "PmtId/EndToEndId", line.reference)
    _text(node, "Amt/InstdAmt", exact(line.amount)).set("Ccy", currency)
    if line.to.bic:
        _text(node, "CdtrAgt/FinInstnId/BICFI", line.to.bic)
    _party(node, "Cdtr", line.to)
    _text(node, "RmtInf/Ustrd", restricted(line.words, TEXT))


def _debit(block: Node, line: DebitLine, currency: str) -> None:
    node = ElementTree.SubElement(block, "DrctDbtTxInf")
    _text(node, "PmtId/EndToEndId", line.reference)
    _text(node, "InstdAmt", exact(line.amount)).set("Ccy", currency)
    mandate = _path(node, "DrctDbtTx/MndtRltdInf")
    _text(mandate, "MndtId", line.mandate)
    _text(mandate, "DtOfSgntr", line.signed_on.isoformat())
    _text(mandate, "AmdmntInd", "true" if line.old_iban else "false")
    if line.old_iban:
        _text(mandate, "AmdmntInfDtls/OrgnlDbtrAcct/Id/IBAN", line.old_iban)
    _agent(node, "DbtrAgt", line.payer.bic)
    _party(node, "Dbtr", line.payer)
    _text(node, "RmtInf/Ustrd", restricted(line.words, TEXT))


def _group_header(message: Node, head: Head, amounts: Sequence[int]) -> None:
    node = ElementTree.SubElement(message, "GrpHdr")
    _text(node, "MsgId", head.message_id)
    _text(node, "CreDtTm", f"{head.made_at:%Y-%m-%dT%H:%M:%S}Z")
    _text(node, "NbOfTxs", str(len(amounts)))
    _text(node, "CtrlSum", exact(sum(amounts)))
    _text(node, "InitgPty/Nm", restricted(head.us.name, NAME))


def _block(message: Node, name: str, method: str, amounts: Sequence[int]) -> Node:
    node = ElementTree.SubElement(message, "PmtInf")
    _text(node, "PmtInfId", name)
    _text(node, "PmtMtd", method)
    _text(node, "NbOfTxs", str(len(amounts)))
    _text(node, "CtrlSum", exact(sum(amounts)))
    return node


def _party(node: Node, name: str, party: Party) -> None:
    _text(node, f"{name}/Nm", restricted(party.name, NAME))
    _text(node, f"{name}Acct/Id/IBAN", party.iban)


def _agent(node: Node, name: str, bic: str) -> None:
    if bic:
        _text(node, f"{name}/FinInstnId/BICFI", bic)
    else:
        _text(node, f"{name}/FinInstnId/Othr/Id", "NOTPROVIDED")


def _path(node: Node, path: str) -> Node:
    for name in path.split("/"):
        node = ElementTree.SubElement(node, name)
    return node


def _text(node: Node, path: str, text: str) -> Node:
    leaf = _path(node, path)
    leaf.text = text
    return leaf


def _bytes(root: Node) -> bytes:
    ElementTree.indent(root, " ")
    made: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made + b"\n"
