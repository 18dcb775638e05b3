"""camt.053, the statement of a day as a bank sends it (ISO 20022, versions 001.02 to 001.13).

The two shapes differ in few places: where a transaction's amount stands, whether a party is
wrapped, whether a state is a code. Both are read by asking for either.
"""

import re
from collections.abc import Sequence
from datetime import date

from bank.files import values
from bank.files.problem import Problem, Why
from bank.files.shapes import Booked, Told
from bank.files.xml import Node, Reader

SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])")
PIECES = frozenset({"Id", "CreDtTm", "FrToDt", "Acct", "Bal", "Ntry"})
WAY = ("BkToCstmrStmt", "Stmt")
MOST_ENTRIES = 100_000
MOST_STATEMENTS = 400
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)
NOTHING_GIVEN = {"NOTPROVIDED", "NOT PROVIDED", "NONREF"}
OWED = {"CRDT": 1, "DBIT": -1}


def read(data: bytes) -> list[Told]:
    """The statements of a file, in its order; raises Problem, and then none of it counts."""
    file = _File()
    file.reader.read(data)
    if not file.told:
        raise Problem(Why.NOT_CAMT)
    return file.told


class _File:
    """What was read so far."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.path: list[str] = []
        self.entries = 0
        self.statement = _Statement()
        self.reader = Reader(PIECES, self.begins, self.ends, self.closes)

    def begins(self, space: str, name: str) -> None:
        if not self.path and (name != "Document" or not SPACE.fullmatch(space)):
            raise Problem(Why.NOT_CAMT)
        if len(self.path) == 1 and name != WAY[0]:
            raise Problem(Why.NOT_CAMT)
        self.path.append(name)
        if self.path[1:] == list(WAY):
            self.statement = _Statement()

    def ends(self, node: Node) -> None:
        if tuple(self.path[1:]) != WAY:
            return
        self.entries += node.name == "Ntry"
        if self.entries > MOST_ENTRIES:
            raise Problem(Why.TOO_MANY)
        self.statement.take(node)

    def closes(self, name: str) -> None:
        if tuple(self.path[1:]) == WAY:
            self.told.append(self.statement.told())
        if len(self.told) > MOST_STATEMENTS:
            raise Problem(Why.TOO_MANY)
        self.path.pop()


class _Statement:
    """One statement while it is being read."""

    def __init__(self) -> None:
        self.id = self.iban = self.currency = ""
        self.made: date | None = None
        self.times: list[date] = []
        self.balances: list[tuple[str, int, date]] = []
        self.entries: list[Booked] = []

    def take(self, node: Node) -> None:
        """One piece of it."""
        if node.name == "Id":
            self.id = values.one_line(node.text, 70)
        elif node.name == "CreDtTm":
            self.made = values.day(node.text, "CreDtTm")
        elif node.name == "FrToDt":
            self.times = [values.day(child.text, "FrToDt") for child in node.children]
        elif node.name == "Acct":
            self.iban = node.says("Id/IBAN").replace(" ", "").upper()[:34]
            self.currency = node.says("Ccy")
        elif node.name == "Bal":
            self._take_balance(node)
        else:
            self.entries += entries_of(node, self)

    def amount(self, node: Node, place: str) -> int:
        """The signed amount of a balance, an entry or a transaction in the account's currency."""
        found = node.first("Amt")
        way = OWED.get(node.says("CdtDbtInd"))
        if found is None or way is None:
            raise Problem(Why.MISSING, place)
        self.require_currency(found, place)
        return way * values.cents(found.text, place)

    def require_currency(self, amount: Node, place: str) -> None:
        """All amounts of an account are in one currency."""
        currency = amount.attributes.get("Ccy", "")
        self.currency = self.currency or currency
        if currency != self.currency:
            raise Problem(Why.CURRENCY, place, found=currency[:10], expected=self.currency[:10])

    def _take_balance(self, node: Node) -> None:
        code = node.says("Tp/CdOrPrtry/Cd")
        place = f"Bal {code}"[:30]
        when = values.day(node.says("Dt/Dt", "Dt/DtTm"), place)
        self.balances.append((code, self.amount(node, place), when))

    def told(self) -> Told:
        """The whole statement; its entries must lead from one balance to the other."""
        if not self.id or not self.iban:
            raise Problem(Why.MISSING, "Stmt/Id" if not self.id else "Acct/Id/IBAN")
        opening, begins = self._balance(OPENING, first=True)
        closing, ends = self._balance(CLOSING, first=False)
        days = [*self.times, *(e.booked_on for e in self.entries), begins, ends]
        last = self.times[-1] if self.times else ends
        told = Told(
            iban=self.iban,
            identification=self.id,
            begins=min(self.times or days),
            ends=max(last, *(e.booked_on for e in self.entries), ends),
            currency=self.currency,
            opening=opening,
            closing=closing,
            entries=tuple(self.entries),
        )
        if opening + told.total != closing:
            raise Problem(Why.SUM, self.id, opening=opening, total=told.total, closing=closing)
        return told

    def _balance(self, codes: Sequence[str], *, first: bool) -> tuple[int, date]:
        for code in codes:
            for found, amount, when in self.balances:
                if found == code:
                    return amount, when
        between = [(amount, when) for code, amount, when in self.balances if code == "ITBD"]
        if not between:
            raise Problem(Why.NO_BALANCE, self.id)
        return between[0] if first else between[-1]


def entries_of(entry: Node, statement: _Statement) -> list[Booked]:
    """What one entry of a statement books: one movement, or those of its batch.

    A batch is divided where the bank gives the amount of each of its transactions in the account's
    currency and they sum to the entry; else it stays whole, and a person looks at it. Entries that
    are only announced are passed over.
    """
    if entry.says("Sts/Cd", "Sts") != "BOOK":
        return []
    place = f"Ntry {entry.says('AcctSvcrRef', 'NtryRef')}"[:60]
    amount = statement.amount(entry, place)
    parts = list(entry.all("NtryDtls/TxDtls"))
    if len(parts) > 1:
        amounts = [_part_amount(part, statement, 1 if amount >= 0 else -1) for part in parts]
        if None not in amounts and sum(a or 0 for a in amounts) == amount:
            return [
                _booked(entry, part, part_amount or 0, place)
                for part, part_amount in zip(parts, amounts, strict=True)
                if part_amount
            ]
        return [_booked(entry, Node("TxDtls"), amount, place)] if amount else []
    part = parts[0] if parts else Node("TxDtls")
    return [_booked(entry, part, amount, place)] if amount else []


def _part_amount(part: Node, statement: _Statement, way: int) -> int | None:
    """The signed amount of one transaction of a batch, None where it cannot be known."""
    found = part.first("Amt") or part.first("AmtDtls/TxAmt/Amt")
    if found is None or found.attributes.get("Ccy") != statement.currency:
        return None
    own = OWED.get(part.says("CdtDbtInd"))
    return (own or way) * values.cents(found.text, "TxDtls")


def _booked(entry: Node, part: Node, amount: int, place: str) -> Booked:
    booked_on = values.day(entry.says("BookgDt/Dt", "BookgDt/DtTm"), place)
    value = entry.says("ValDt/Dt", "ValDt/DtTm")
    free = " ".join(node.text for node in part.all("RmtInf/Ustrd"))
    text = free or part.says("AddtlTxInf") or entry.says("AddtlNtryInf")
    end_to_end = _given(part.says("Refs/EndToEndId"))
    structured = [values.reference(n.text) for n in part.all("RmtInf/Strd/CdtrRefInf/Ref")]
    known = [reference for reference in structured if reference]
    loose = [values.reference(end_to_end), *values.references_in(f"{free} {text}")]
    returned = part.first("RtrInf")
    other = "Dbtr" if amount > 0 else "Cdtr"
    return Booked(
        booked_on=booked_on,
        value_on=values.day(value, place) if value else None,
        amount=amount,
        bank_ref=_bank_ref(entry, part),
        end_to_end=values.one_line(end_to_end, 35),
        references=tuple(dict.fromkeys(known or [r for r in loose if r])),
        is_structured=bool(known),
        text=values.one_line(text, 500),
        name=values.one_line(_party(part, other), 140),
        iban=part.says(f"RltdPties/{other}Acct/Id/IBAN").replace(" ", "").upper()[:34],
        code=_code(part.first("BkTxCd") or entry.first("BkTxCd")),
        batch=values.one_line(entry.says("NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId"), 35),
        is_return=returned is not None or entry.says("RvslInd") in ("true", "1"),
        reason=values.one_line(_reason(returned), 140),
    )


def _given(text: str) -> str:
    return "" if text.upper() in NOTHING_GIVEN else text


def _bank_ref(entry: Node, part: Node) -> str:
    own = _given(part.says("Refs/AcctSvcrRef", "Refs/TxId", "Refs/InstrId"))
    whole = _given(entry.says("AcctSvcrRef", "NtryRef"))
    return values.one_line("/".join(dict.fromkeys(filter(None, (whole, own)))), 120)


def _party(part: Node, other: str) -> str:
    return part.says(f"RltdPties/{other}/Pty/Nm", f"RltdPties/{other}/Nm")


def _code(code: Node | None) -> str:
    if code is None:
        return ""
    names = [code.says(path) for path in ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd")]
    return values.one_line("-".join(filter(None, names)) or code.says("Prtry/Cd"), 40)


def _reason(returned: Node | None) -> str:
    if returned is None:
        return ""
    words = [returned.says("Rsn/Cd", "Rsn/Prtry"), returned.says("AddtlInf")]
    return " ".join(filter(None, words))
