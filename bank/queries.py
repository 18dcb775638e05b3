"""Named reads of the bank desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from bank.models import UNASSIGNED, WAITING, BankFile, Decision, Line, Statement
from ledger.chart import CASH
from ledger.models import Balance
from members.models import Member
from payments.models import Charge, Payment

State = Line.State
MOST_SUGGESTED = 20


@dataclass(frozen=True)
class Standing:
    """How many lines are in a state (or payments from a source), and their sum in cents."""

    state: str
    label: str
    number: int
    amount: int
    waits: bool


@dataclass(frozen=True)
class Reconciled:
    """What the bank says and what the books hold, in cents, and where the difference comes from.

    `bank` is the closing balance of the latest statement that names one, with what was told of
    days after it; `books` the sum of all cash accounts. `before` stood on the account before the
    first statement; `gap` is what no statement tells although a later one counts it; `elsewhere`
    is cash that the books know from other sources than a statement, and no statement told yet.
    bank − books = before + gap − elsewhere, always.
    """

    as_of: date
    bank: int
    books: int
    before: int
    gap: int
    elsewhere: int
    unassigned: int

    @property
    def difference(self) -> int:
        """Cents that the bank says more than the books."""
        return self.bank - self.books


def waiting_lines() -> QuerySet[Line]:
    """Lines that wait for a treasurer, oldest first."""
    return (
        Line.objects.filter(state__in=WAITING)
        .select_related("charge", "member")
        .order_by("booked_on", "pk")
    )


def lines(state: str = "", statement: int | None = None, text: str = "") -> QuerySet[Line]:
    """Lines, newest first: of a state ("waiting": all that wait), of a statement, with a text."""
    found = Line.objects.select_related("charge", "member", "statement")
    if state == "waiting":
        found = found.filter(state__in=WAITING)
    elif state:
        found = found.filter(state=state)
    if statement is not None:
        found = found.filter(statement_id=statement)
    if text:
        compact = text.replace(" ", "").upper()
        found = found.filter(
            Q(name__icontains=text)
            | Q(text__icontains=text)
            | Q(references__contains=[compact])
            | Q(end_to_end__iexact=compact)
            | Q(member__name__icontains=text)
        )
    return found.order_by("-booked_on", "-pk")


def counts(statement: int | None = None) -> list[Standing]:
    """How many lines stand where, the waiting ones first."""
    rows = Line.objects.all() if statement is None else Line.objects.filter(statement=statement)
    return _standing(rows)


def counts_of(statement_ids: Sequence[int]) -> list[Standing]:
    """The same for the lines of some statements."""
    return _standing(Line.objects.filter(statement__in=statement_ids))


def _standing(rows: QuerySet[Line]) -> list[Standing]:
    found = {
        row["state"]: row
        for row in rows.order_by().values("state").annotate(n=Count("pk"), sum=Sum("amount"))
    }
    order = [*WAITING, *(state for state in State if state not in WAITING)]
    return [
        Standing(state, str(State(state).label), row["n"], row["sum"], state in WAITING)
        for state in order
        if (row := found.get(state))
    ]


def files() -> QuerySet[BankFile]:
    """What was imported, newest first."""
    return BankFile.objects.select_related("imported_by").order_by("-pk")


def statements() -> QuerySet[Statement]:
    """Statements, the latest first, each with how many of its lines wait."""
    return (
        Statement.objects.select_related("file")
        .annotate(waiting=Count("lines", filter=Q(lines__state__in=WAITING)))
        .order_by("-ends", "-pk")
    )


def line_of(line_id: int) -> Line:
    """A line with all that its page shows; raises Line.DoesNotExist."""
    return Line.objects.select_related(
        "statement__file", "charge__member", "charge__payment", "member", "other"
    ).get(pk=line_id)


def history_of(line: Line) -> QuerySet[Decision]:
    """What was decided about a line, oldest first."""
    return line.decisions.select_related("by", "undoes").order_by("pk")


def payer_of(line: Line) -> Member | None:
    """The member whom a line is about: that of its charge, or its own."""
    return line.member or (line.charge.member if line.charge else None)


def open_charges_for(line: Line) -> Sequence[Charge]:
    """Open charges that a line could pay: the member's, else those of exactly its amount."""
    found = Charge.objects.filter(state=Charge.State.OPEN).select_related("member")
    found = found.prefetch_related("lines").order_by("due", "pk")
    member = payer_of(line)
    narrowed = found.filter(member=member) if member else found.filter(amount=line.amount)
    return list(narrowed[:MOST_SUGGESTED])


def taken_back_by(line: Line) -> Sequence[Line]:
    """Earlier lines of the same amount the other way, which this one may take back."""
    found = Line.objects.filter(amount=-line.amount, other=None, booked_on__lte=line.booked_on)
    return list(found.exclude(pk=line.pk).order_by("-booked_on", "-pk")[:MOST_SUGGESTED])


def marked_by_hand(line: Line) -> Payment | None:
    """The payment that was marked by hand for the charge that a line pays again, if any."""
    payment = getattr(line.charge, "payment", None) if line.charge else None
    by_hand = isinstance(payment, Payment) and payment.source == Payment.Source.HAND
    return payment if by_hand and payment and payment.amount == line.amount else None


def unassigned() -> int:
    """Cents of all lines whose money nobody has assigned."""
    return _sum(Line.objects.filter(state__in=UNASSIGNED))


def reconciled() -> Reconciled | None:
    """The bank against the books; None before the first statement that names balances."""
    told = Statement.objects.exclude(closing=None)
    first = told.order_by("begins", "pk").first()
    last = told.order_by("-ends", "-pk").first()
    if first is None or last is None or first.opening is None or last.closing is None:
        return None
    later = _sum(Line.objects.filter(booked_on__gt=last.ends))
    through = _sum(Line.objects.filter(booked_on__lte=last.ends))
    gap = last.closing - first.opening - through
    books = cash_in_books()
    return Reconciled(
        as_of=last.ends,
        bank=last.closing + later,
        books=books,
        before=first.opening,
        gap=gap,
        elsewhere=books - through - later,
        unassigned=unassigned(),
    )


def by_source() -> list[Standing]:
    """How many payments came from where, and their cents."""
    rows = Payment.objects.filter(taken_back=None).order_by("source").values("source")
    return [
        Standing(
            row["source"], str(Payment.Source(row["source"]).label), row["n"], row["sum"], False
        )
        for row in rows.annotate(n=Count("pk"), sum=Sum("amount"))
    ]


def cash_in_books() -> int:
    """The sum of all cash accounts."""
    found = Balance.objects.filter(
        account__commodity__code=settings.COOP_CURRENCY, account__kind__in=CASH
    )
    return found.aggregate(n=Sum("amount"))["n"] or 0


def _sum(rows: QuerySet[Line]) -> int:
    return rows.aggregate(n=Sum("amount"))["n"] or 0
