"""What the published schemas say about the parts of two messages that are used here.

Order, cardinality, types and lengths of pain.001.001.09 and pain.008.001.08, written down from
the message definition reports, so that a test can hold a file against them. Elements that the
cooperative never writes are left out: a file that has one fails.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

MAX35 = r"[A-Za-z0-9/\-?:().,'+ ]{1,35}"
MAX70 = r"[A-Za-z0-9/\-?:().,'+ ]{1,70}"
MAX140 = r"[A-Za-z0-9/\-?:().,'+ ]{1,140}"
IBAN = r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}"
BIC = r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"
DAY = r"\d{4}-\d{2}-\d{2}"
MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
COUNT = r"[0-9]{1,15}"
SUM = r"\d{1,16}\.\d{2}"
AMOUNT = r"(?!0+\.00)\d{1,9}\.\d{2}"


@dataclass(frozen=True)
class Part:
    """An element: its name, how often it may stand there, and what is in it.

    `parts` stand in this order; with `choice` exactly one of them stands there.
    """

    name: str
    least: int = 1
    most: int = 1
    pattern: str = ""
    parts: Sequence["Part"] = ()
    choice: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def leaf(name: str, pattern: str, least: int = 1, **attributes: str) -> Part:
    return Part(name, least=least, pattern=pattern, attributes=attributes)


def node(name: str, *parts: Part, least: int = 1, most: int = 1, choice: bool = False) -> Part:
    return Part(name, least=least, most=most, parts=parts, choice=choice)


MANY = 10**9
ACCOUNT = node("Id", leaf("IBAN", IBAN))


def agent(name: str, least: int = 1) -> Part:
    other = node("Othr", leaf("Id", "NOTPROVIDED"))
    held = node("FinInstnId", leaf("BICFI", BIC), other, choice=True)
    return node(name, held, least=least)


def head(party: str = "InitgPty") -> Part:
    return node(
        "GrpHdr", leaf("MsgId", MAX35), leaf("CreDtTm", MOMENT), leaf("NbOfTxs", COUNT),
        leaf("CtrlSum", SUM), node(party, leaf("Nm", MAX70)),
    )  # fmt: skip


TRANSFER = node(
    "CdtTrfTxInf",
    node("PmtId", leaf("EndToEndId", MAX35)),
    node("Amt", leaf("InstdAmt", AMOUNT, Ccy="EUR")),
    agent("CdtrAgt", least=0),
    node("Cdtr", leaf("Nm", MAX70)),
    node("CdtrAcct", ACCOUNT),
    node("RmtInf", leaf("Ustrd", MAX140)),
    most=MANY,
)
PAIN_001 = node(
    "Document",
    node(
        "CstmrCdtTrfInitn",
        head(),
        node(
            "PmtInf",
            leaf("PmtInfId", MAX35),
            leaf("PmtMtd", "TRF"),
            leaf("NbOfTxs", COUNT),
            leaf("CtrlSum", SUM),
            node("PmtTpInf", node("SvcLvl", leaf("Cd", "SEPA"))),
            node("ReqdExctnDt", leaf("Dt", DAY)),
            node("Dbtr", leaf("Nm", MAX70)),
            node("DbtrAcct", ACCOUNT),
            agent("DbtrAgt"),
            leaf("ChrgBr", "SLEV"),
            TRANSFER,
            most=MANY,
        ),
    ),
)
MANDATE = node(
    "MndtRltdInf",
    leaf("MndtId", MAX35),
    leaf("DtOfSgntr", DAY),
    leaf("AmdmntInd", "true|false"),
    node("AmdmntInfDtls", node("OrgnlDbtrAcct", ACCOUNT), least=0),
)
DEBIT = node(
    "DrctDbtTxInf",
    node("PmtId", leaf("EndToEndId", MAX35)),
    leaf("InstdAmt", AMOUNT, Ccy="EUR"),
    node("DrctDbtTx", MANDATE),
    agent("DbtrAgt"),
    node("Dbtr", leaf("Nm", MAX70)),
    node("DbtrAcct", ACCOUNT),
    node("RmtInf", leaf("Ustrd", MAX140)),
    most=MANY,
)
SCHEME = node(
    "CdtrSchmeId",
    node(
        "Id",
        node("PrvtId", node("Othr", leaf("Id", MAX35), node("SchmeNm", leaf("Prtry", "SEPA")))),
    ),
)
PAIN_008 = node(
    "Document",
    node(
        "CstmrDrctDbtInitn",
        head(),
        node(
            "PmtInf",
            leaf("PmtInfId", MAX35),
            leaf("PmtMtd", "DD"),
            leaf("NbOfTxs", COUNT),
            leaf("CtrlSum", SUM),
            node(
                "PmtTpInf",
                node("SvcLvl", leaf("Cd", "SEPA")),
                node("LclInstrm", leaf("Cd", "CORE")),
                leaf("SeqTp", "FRST|RCUR"),
            ),
            leaf("ReqdColltnDt", DAY),
            node("Cdtr", leaf("Nm", MAX70)),
            node("CdtrAcct", ACCOUNT),
            agent("CdtrAgt"),
            leaf("ChrgBr", "SLEV"),
            SCHEME,
            DEBIT,
            most=2,
        ),
    ),
)


def faults(content: bytes, namespace: str, part: Part) -> list[str]:
    """What in a file is not as the schema says; empty where all of it is."""
    root = ElementTree.fromstring(content)
    prefix = f"{{{namespace}}}"
    found = [
        f"{e.tag} is in no namespace of the message"
        for e in root.iter()
        if not e.tag.startswith(prefix)
    ]
    for element in root.iter():
        element.tag = element.tag.removeprefix(prefix)
    return found + _faults(root, part, part.name) + _sums(root)


def _faults(element: ElementTree.Element, part: Part, path: str) -> list[str]:
    if element.attrib != part.attributes:
        return [f"{path}: attributes {element.attrib}"]
    if not part.parts:
        text = element.text or ""
        whole = re.fullmatch(part.pattern, text) and not len(element)
        return [] if whole else [f"{path}: {text!r}"]
    return _order(list(element), part, path)


def _order(children: list[ElementTree.Element], part: Part, path: str) -> list[str]:
    """Each wanted part as often as it may stand, in order, and nothing else."""
    if part.choice:
        wanted = [p for p in part.parts if len(children) == 1 and p.name == children[0].tag]
        return (
            _faults(children[0], wanted[0], f"{path}/{wanted[0].name}")
            if wanted
            else [f"{path}: no choice"]
        )
    found, place = [], 0
    for wanted_part in part.parts:
        here = 0
        while place < len(children) and children[place].tag == wanted_part.name:
            found += _faults(children[place], wanted_part, f"{path}/{wanted_part.name}")
            here, place = here + 1, place + 1
        if not wanted_part.least <= here <= wanted_part.most:
            found.append(f"{path}/{wanted_part.name} stands there {here} times")
    return found + [f"{path}/{child.tag} does not belong here" for child in children[place:]]


def _sums(root: ElementTree.Element) -> list[str]:
    """Control sums and counts of the whole and of every block."""
    found = []
    for block in [root, *root.iter("PmtInf")]:
        cents = [int((e.text or "").replace(".", "")) for e in block.iter("InstdAmt")]
        said_sum = block.find(".//CtrlSum") if block is root else block.find("CtrlSum")
        said = block.find(".//NbOfTxs") if block is root else block.find("NbOfTxs")
        if said_sum is None or int((said_sum.text or "").replace(".", "")) != sum(cents):
            found.append(f"{block.tag}: control sum")
        if said is None or int(said.text or "") != len(cents):
            found.append(f"{block.tag}: number of transactions")
    return found
