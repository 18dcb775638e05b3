"""The parts of the camt.053.001.08 schema that our bank writes: order, number and kind of elements.

Written down from the published message definition (ISO 20022, BankToCustomerStatementV08): each
type is the sequence of its elements with how often each may stand, or a pattern for its text.
"""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, fromstring

SPACE = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"
MANY = 10**9


@dataclass(frozen=True)
class Part:
    """An element of a sequence: its name, type, and how often it stands."""

    name: str
    kind: str
    least: int = 1
    most: int = 1


@dataclass(frozen=True)
class Choice:
    """Exactly one of these elements."""

    of: tuple[Part, ...]


def one(name: str, kind: str) -> Part:
    return Part(name, kind)


def may(name: str, kind: str) -> Part:
    return Part(name, kind, 0)


def any_of(name: str, kind: str, least: int = 0) -> Part:
    return Part(name, kind, least, MANY)


TEXTS = {
    "Max35Text": r".{1,35}",
    "Max140Text": r".{1,140}",
    "Max500Text": r".{1,500}",
    "Max15NumericText": r"[0-9]{1,15}",
    "Number": r"-?[0-9]{1,18}",
    "ISODateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
    "ISODate": r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?",
    "IBAN2007Identifier": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    "ActiveOrHistoricCurrencyCode": r"[A-Z]{3}",
    "Amount": r"(?=.{1,19}$)[0-9]+(\.[0-9]{1,5})?",
    "CreditDebitCode": r"CRDT|DBIT",
    "TrueFalseIndicator": r"true|false|0|1",
    "Code4": r".{1,4}",
}
TYPES: dict[str, tuple[Part, ...] | Choice] = {
    "Document": (one("BkToCstmrStmt", "Message"),),
    "Message": (one("GrpHdr", "GroupHeader"), any_of("Stmt", "Statement", 1)),
    "GroupHeader": (one("MsgId", "Max35Text"), one("CreDtTm", "ISODateTime")),
    "Statement": (
        one("Id", "Max35Text"), may("ElctrncSeqNb", "Number"), may("CreDtTm", "ISODateTime"),
        may("FrToDt", "Period"), one("Acct", "Account"), any_of("Bal", "Balance", 1),
        any_of("Ntry", "Entry"),
    ),
    "Period": (one("FrDtTm", "ISODateTime"), one("ToDtTm", "ISODateTime")),
    "Account": (one("Id", "AccountId"), may("Ccy", "ActiveOrHistoricCurrencyCode")),
    "AccountId": Choice((one("IBAN", "IBAN2007Identifier"),)),
    "Balance": (
        one("Tp", "BalanceType"), one("Amt", "Amount"), one("CdtDbtInd", "CreditDebitCode"),
        one("Dt", "DateChoice"),
    ),
    "BalanceType": (one("CdOrPrtry", "CodeChoice"),),
    "CodeChoice": Choice((one("Cd", "Code4"), one("Prtry", "Max35Text"))),
    "DateChoice": Choice((one("Dt", "ISODate"), one("DtTm", "ISODateTime"))),
    "Entry": (
        may("NtryRef", "Max35Text"), one("Amt", "Amount"), one("CdtDbtInd", "CreditDebitCode"),
        may("RvslInd", "TrueFalseIndicator"), one("Sts", "CodeChoice"),
        may("BookgDt", "DateChoice"), may("ValDt", "DateChoice"),
        may("AcctSvcrRef", "Max35Text"), one("BkTxCd", "BankCode"),
        any_of("NtryDtls", "Details"), may("AddtlNtryInf", "Max500Text"),
    ),
    "BankCode": (may("Domn", "Domain"),),
    "Domain": (one("Cd", "Code4"), one("Fmly", "Family")),
    "Family": (one("Cd", "Code4"), one("SubFmlyCd", "Code4")),
    "Details": (may("Btch", "Batch"), any_of("TxDtls", "Transaction")),
    "Batch": (
        may("MsgId", "Max35Text"), may("PmtInfId", "Max35Text"), may("NbOfTxs", "Max15NumericText"),
        may("TtlAmt", "Amount"), may("CdtDbtInd", "CreditDebitCode"),
    ),
    "Transaction": (
        may("Refs", "References"), one("Amt", "Amount"), one("CdtDbtInd", "CreditDebitCode"),
        may("RltdPties", "Parties"), may("RmtInf", "Remittance"), may("RtrInf", "Return"),
    ),
    "References": (
        may("MsgId", "Max35Text"), may("AcctSvcrRef", "Max35Text"), may("EndToEndId", "Max35Text"),
    ),
    "Parties": (
        may("Dbtr", "Party"), may("DbtrAcct", "Account"), may("Cdtr", "Party"),
        may("CdtrAcct", "Account"),
    ),
    "Party": Choice((one("Pty", "PartyName"),)),
    "PartyName": (may("Nm", "Max140Text"),),
    "Remittance": (any_of("Ustrd", "Max140Text"), any_of("Strd", "Structured")),
    "Structured": (may("CdtrRefInf", "CreditorReference"),),
    "CreditorReference": (may("Tp", "ReferenceType"), may("Ref", "Max35Text")),
    "ReferenceType": (one("CdOrPrtry", "CodeChoice"),),
    "Return": (may("Rsn", "CodeChoice"),),
}  # fmt: skip


def faults(data: bytes) -> list[str]:
    """What in a file is not as the schema has it, with the path to it."""
    root = fromstring(data)
    if root.tag != f"{SPACE}Document":
        return [f"the root is {root.tag}"]
    return list(_faults(root, "Document", "Document"))


def _faults(node: Element, kind: str, path: str) -> list[str]:
    if kind in TEXTS:
        wrong = len(node) > 0 or not re.fullmatch(TEXTS[kind], node.text or "")
        needs_currency = kind == "Amount" and not re.fullmatch("[A-Z]{3}", node.get("Ccy", ""))
        return [f"{path}: {node.text!r}"] if wrong or needs_currency else []
    if (node.text or "").strip():
        return [f"{path}: text between elements"]
    shape = TYPES[kind]
    parts = _chosen(node, shape.of) if isinstance(shape, Choice) else shape
    return _in_order(node, parts, path)


def _chosen(node: Element, of: tuple[Part, ...]) -> tuple[Part, ...]:
    names = [child.tag.removeprefix(SPACE) for child in node]
    return tuple(part for part in of if part.name in names[:1]) or of[:1]


def _in_order(node: Element, parts: tuple[Part, ...], path: str) -> list[str]:
    found, children = [], list(node)
    for part in parts:
        number = 0
        while children and children[0].tag == SPACE + part.name and number < part.most:
            found += _faults(children.pop(0), part.kind, f"{path}/{part.name}")
            number += 1
        if number < part.least:
            found.append(f"{path}: {part.name} is missing")
    return found + [f"{path}: {child.tag} does not stand here" for child in children]
