"""A bank that writes camt.053: entries in, a file out, in the order that the schema asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape

IBAN = "ES9121000418450200051332"
SPACES = {v: f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{v}" for v in ("02", "08")}


@dataclass(frozen=True)
class Tx:
    """One transaction of an entry: cents above zero, and what its payer gave along."""

    amount: int
    reference: str = ""
    text: str = ""
    end_to_end: str = ""
    name: str = "Somebody"
    iban: str = "DE89370400440532013000"
    returned: str = ""
    own_ref: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry: signed cents, its day, the bank's own reference, its transactions."""

    amount: int
    day: date
    ref: str = ""
    parts: Sequence[Tx] = ()
    reversal: bool = False
    pending: bool = False
    currency: str = "EUR"


@dataclass(frozen=True)
class Page:
    """One statement."""

    entries: Sequence[Entry]
    identification: str = "2026-001"
    opening: int = 0
    day: date = date(2026, 6, 1)
    until: date | None = None
    iban: str = IBAN
    currency: str = "EUR"
    off: int = field(default=0)

    @property
    def closing(self) -> int:
        """What stands on the account after it; `off` makes it wrong on purpose."""
        return self.opening + self.off + sum(e.amount for e in self.entries if not e.pending)


def credit(amount: int, day: date, ref: str, **given: str) -> Entry:
    """Money that came in, in one transaction."""
    return Entry(amount, day, ref, [Tx(amount, **given)])


def debit(amount: int, day: date, ref: str, **given: str) -> Entry:
    """Money that left, in one transaction; `amount` above zero."""
    return Entry(-amount, day, ref, [Tx(amount, **given)])


def camt(*pages: Page, version: str = "08") -> bytes:
    """The file."""
    body = "".join(_page(page, version) for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{SPACES[version]}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>STMT-1</MsgId><CreDtTm>2026-06-30T22:00:00+02:00</CreDtTm></GrpHdr>"
        f"{body}</BkToCstmrStmt></Document>\n"
    ).encode()


def _page(page: Page, version: str) -> str:
    until = page.until or max([page.day, *(e.day for e in page.entries)])
    return (
        f"<Stmt><Id>{page.identification}</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
        "<CreDtTm>2026-06-30T22:00:00+02:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{page.day}T00:00:00</FrDtTm><ToDtTm>{until}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{page.iban}</IBAN></Id><Ccy>{page.currency}</Ccy></Acct>"
        + _balance("OPBD", page.opening, page.day, page.currency)
        + _balance("CLBD", page.closing, until, page.currency)
        + "".join(_entry(entry, version) for entry in page.entries)
        + "</Stmt>"
    )


def _balance(code: str, amount: int, day: date, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(amount, currency)}"
        f"{_way(amount)}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(entry: Entry, version: str) -> str:
    state = "PDNG" if entry.pending else "BOOK"
    return (
        f"<Ntry>{_amount(entry.amount, entry.currency)}{_way(entry.amount)}"
        + ("<RvslInd>true</RvslInd>" if entry.reversal else "")
        + (f"<Sts>{state}</Sts>" if version == "02" else f"<Sts><Cd>{state}</Cd></Sts>")
        + f"<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>"
        + (f"<AcctSvcrRef>{entry.ref}</AcctSvcrRef>" if entry.ref else "")
        + "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        "</BkTxCd>" + _details(entry, version) + "</Ntry>"
    )


def _details(entry: Entry, version: str) -> str:
    if not entry.parts:
        return "<AddtlNtryInf>ACCOUNT FEE</AddtlNtryInf>"
    total = sum(part.amount for part in entry.parts)
    batch = (
        f"<Btch><MsgId>B-1</MsgId><NbOfTxs>{len(entry.parts)}</NbOfTxs>"
        f"{_amount(total, entry.currency).replace('Amt', 'TtlAmt')}{_way(entry.amount)}</Btch>"
        if len(entry.parts) > 1
        else ""
    )
    parts = "".join(_part(part, entry, version) for part in entry.parts)
    return f"<NtryDtls>{batch}{parts}</NtryDtls>"


def _part(part: Tx, entry: Entry, version: str) -> str:
    own = _amount(part.amount, entry.currency)
    refs = (
        "<Refs>"
        + (f"<AcctSvcrRef>{part.own_ref}</AcctSvcrRef>" if part.own_ref else "")
        + f"<EndToEndId>{escape(part.end_to_end) or 'NOTPROVIDED'}</EndToEndId></Refs>"
    )
    amount = (
        f"<AmtDtls><TxAmt>{own}</TxAmt></AmtDtls>" if version == "02" else own + _way(entry.amount)
    )
    return f"<TxDtls>{refs}{amount}{_parties(part, entry, version)}{_told(part)}</TxDtls>"


def _parties(part: Tx, entry: Entry, version: str) -> str:
    role = "Dbtr" if entry.amount > 0 else "Cdtr"
    name = f"<Nm>{escape(part.name)}</Nm>"
    party = name if version == "02" else f"<Pty>{name}</Pty>"
    account = f"<{role}Acct><Id><IBAN>{part.iban}</IBAN></Id></{role}Acct>"
    return f"<RltdPties><{role}>{party}</{role}>{account}</RltdPties>"


def _told(part: Tx) -> str:
    free = f"<Ustrd>{escape(part.text)}</Ustrd>" if part.text else ""
    structured = (
        "<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        f"<Ref>{part.reference}</Ref></CdtrRefInf></Strd>"
        if part.reference
        else ""
    )
    about = f"<RmtInf>{free}{structured}</RmtInf>" if free or structured else ""
    returned = f"<RtrInf><Rsn><Cd>{part.returned}</Cd></Rsn></RtrInf>" if part.returned else ""
    return about + returned


def _amount(cents: int, currency: str) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f'<Amt Ccy="{currency}">{whole}.{rest:02}</Amt>'


def _way(cents: int) -> str:
    return f"<CdtDbtInd>{'CRDT' if cents >= 0 else 'DBIT'}</CdtDbtInd>"
