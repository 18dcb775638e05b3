"""What the demo's bank told: a statement with a top-up, a gift, a fee and a bill."""

from datetime import date
from xml.sax.saxutils import escape

from django.utils import timezone

from bank.models import BankFile
from bank.services import import_file, match_all
from coop.demo import cast
from members.models import Member
from payments.services import ask_for_prepaid

TOP_UP, OPENING = 5_000, 250_000
SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
CODE = "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"


def tell_of_the_bank(people: dict[str, Member]) -> None:
    """Import the statement once; Eva's top-up is matched, the rest waits for a treasurer."""
    if BankFile.objects.exists():
        return
    eva = people["eva"]
    charge = ask_for_prepaid(member=eva, amount=TOP_UP, actor=eva.user, key="demo")
    told = [
        (1_200, "For the network, keep it up", "Gemma Puig"),
        (TOP_UP, f"Ahead for winter {charge.reference}", eva.name),
        (-490, "Account fee", "Valley Savings Bank"),
        (-6_170, "Power, ridge mast", "Valley Power"),
    ]
    data = statement_of(timezone.localdate(), told).encode()
    import_file(data=data, name="demo-bank.xml", actor=None)
    match_all()


def statement_of(day: date, told: list[tuple[int, str, str]]) -> str:
    """The camt.053 statement of a day: signed cents, text and name of each line."""
    closing = OPENING + sum(amount for amount, _text, _name in told)
    entries = "".join(_entry(n, day, *line) for n, line in enumerate(told, 1))
    return (
        f'<Document xmlns="{SPACE}"><BkToCstmrStmt><GrpHdr><MsgId>DEMO</MsgId>'
        f"<CreDtTm>{day}T23:00:00</CreDtTm></GrpHdr><Stmt><Id>Demo {day}</Id>"
        f"<CreDtTm>{day}T23:00:00</CreDtTm><Acct><Id><IBAN>{cast.IBAN}</IBAN></Id></Acct>"
        f"{_balance('OPBD', OPENING, day)}{_balance('CLBD', closing, day)}{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def _balance(code: str, cents: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(cents)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(number: int, day: date, cents: int, text: str, name: str) -> str:
    role = "Dbtr" if cents > 0 else "Cdtr"
    return (
        f"<Ntry>{_amount(cents)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>DEMO{number:04}</AcctSvcrRef><BkTxCd>{CODE}</BkTxCd>"
        f"<NtryDtls><TxDtls>{_amount(cents)}<RltdPties><{role}><Pty><Nm>{escape(name)}</Nm></Pty>"
        f"</{role}></RltdPties><RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        "</Ntry>"
    )


def _amount(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    way = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{whole}.{rest:02}</Amt><CdtDbtInd>{way}</CdtDbtInd>'
