"""How a period's charge was worked out: from each line down to the readings, and up to the title.

Money is cents, quantities are millitokens, rates micro-cents per token. Every number is read where
it is kept and, where it is a product, worked out again beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Sum

from ledger.arithmetic import charge as product
from ledger.models import Entry, Transaction
from ledger.queries import balance_of
from members.models import Member
from members.queries import is_steward, member_of
from metering.models import Reading
from payments.models import Charge, ChargeLine
from titles.models import ConversionShare, CreditLot
from titles.services.profit import SOURCE as PROFIT_SOURCE
from tokens.models import Ask, Bid, Book, LateCharge, Period, Settlement, Usage, Yield
from tokens.queries import BookState, books_of

LAST = 10
"""readings shown of each book; the usage page has the others"""


class UsedRow(NamedTuple):
    """One use, and the signed reading that it was booked from, where there is one."""

    usage: Usage
    reading: Reading | None


@dataclass(frozen=True)
class Used:
    """What a book's use is made of: metered, and booked by hand or through vouchers."""

    metered: int
    readings: int
    by_hand: int
    last: Sequence[UsedRow]

    @property
    def total(self) -> int:
        """Millitokens used."""
        return self.metered + self.by_hand


@dataclass(frozen=True)
class LineDerivation:
    """A line of a charge with the token book, the use and the rates that it comes from.

    `state`, `settled` and `used` are None for what no token book stands behind. `asked` is what
    was sold at auction, `bid` what was bought there at this line's rate, `late` what the late usage
    of a closed book came to.
    """

    line: ChargeLine
    row: Yield | None
    state: BookState | None
    settled: Settlement | None
    used: Used | None
    asked: int = 0
    bid: int = 0
    late: LateCharge | None = None

    @property
    def cost_again(self) -> int:
        """quantity × the cost rate, worked out anew."""
        return product(self.line.quantity, self.line.cost_rate)

    @property
    def profit_again(self) -> int:
        """quantity × what the rate has above the cost rate."""
        return product(self.line.quantity, self.line.rate - self.line.cost_rate)

    @property
    def agrees(self) -> bool:
        """Whether the line is what its quantity and rates come to."""
        return (self.cost_again, self.profit_again) == (self.line.cost, self.line.profit)

    @property
    def beyond(self) -> int:
        """Of a purchase, what was not bought at auction: used beyond the tokens."""
        return self.line.quantity - self.bid


@dataclass(frozen=True)
class Became:
    """Units that a lot's credit became: how many in all of that title, and this lot's cents."""

    share: ConversionShare
    cents: int


@dataclass(frozen=True)
class EquityDerivation:
    """What was paid above cost in one pool: the lot it went into and what that became.

    `arisen` is all that ever came into the lot, this charge's profit with it.
    """

    pool: str
    profit: int
    lot: CreditLot | None
    arisen: int = 0
    became: Sequence[Became] = ()
    otherwise: int = 0
    left: int = 0


@dataclass(frozen=True)
class Derivation:
    """A whole charge."""

    charge: Charge
    period: Period | None
    lines: Sequence[LineDerivation]
    equity: Sequence[EquityDerivation]
    sees_readings: bool


def derivation_of(charge: Charge, reader: Any) -> Derivation:
    """How a charge came about, for somebody who may see it.

    Single readings are shown to the member themself and to stewards, as elsewhere.
    """
    period = Period.objects.filter(code=charge.about.removeprefix("period:")).first()
    own = member_of(reader)
    sees = is_steward(reader) or (own is not None and own.pk == charge.member_id)
    lines = list(charge.lines.all())
    books = _books(charge.member, {line.period or getattr(period, "code", "") for line in lines})
    derived = [_line(line, period, books, sees) for line in lines]
    return Derivation(charge, period, derived, _equity(charge, lines), sees)


Books = dict[tuple[str, str, str], BookState]


def _books(member: Member, codes: set[str]) -> Books:
    """A member's books of these periods by period, pool and resource."""
    return {
        (period.code, state.row.pool.code, state.row.resource.code): state
        for period in Period.objects.filter(code__in=codes)
        for state in books_of(member, period)
    }


def _line(line: ChargeLine, period: Period | None, books: Books, sees: bool) -> LineDerivation:
    code = line.period or getattr(period, "code", "")
    state = books.get((code, line.fund, line.resource))
    if state is None:
        return LineDerivation(line, None, None, None, None)
    book = state.book
    return LineDerivation(
        line=line,
        row=state.row,
        state=state,
        settled=Settlement.objects.filter(book=book).first(),
        used=_used(book, line, sees),
        asked=Ask.objects.filter(book=book).aggregate(n=Sum("sold"))["n"] or 0,
        late=_late(line, book, period),
        bid=Bid.objects.filter(book=book, price=line.rate).aggregate(n=Sum("bought"))["n"] or 0,
    )


def _late(line: ChargeLine, book: Book, period: Period | None) -> LateCharge | None:
    late = line.kind == ChargeLine.Kind.ADJUSTMENT
    rows = LateCharge.objects.filter(book=book, booked_in__period=period)
    return rows.first() if late else None


def _used(book: Book, line: ChargeLine, sees: bool) -> Used:
    """The use of a book; for an adjustment that which came late, else that which came in time."""
    late = line.kind == ChargeLine.Kind.ADJUSTMENT
    rows = Usage.objects.filter(book=book, adjustment__isnull=not late)
    sums = {
        row["kind"]: (row["n"], row["amount"])
        for row in rows.values("kind").annotate(n=Count("pk"), amount=Sum("amount")).order_by()
    }
    readings, metered = sums.pop(Usage.Kind.READING, (0, 0))
    by_hand = sum(amount for _n, amount in sums.values())
    last = list(rows.order_by("-used_at", "-pk")[:LAST]) if sees else []
    return Used(metered, readings, by_hand, _with_readings(last))


def _with_readings(rows: Sequence[Usage]) -> list[UsedRow]:
    named = {row.key: row.key.partition("reading:")[2] for row in rows}
    ids = {int(number) for number in named.values() if number.isdecimal()}
    found = Reading.objects.in_bulk(ids)
    return [
        UsedRow(row, found.get(int(named[row.key])) if named[row.key].isdecimal() else None)
        for row in rows
    ]


def _equity(charge: Charge, lines: Sequence[ChargeLine]) -> list[EquityDerivation]:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.fund] = sums.get(line.fund, 0) + line.profit
    lots = _lots_of(charge)
    return [
        _became(pool, profit, lots.get(pool)) for pool, profit in sorted(sums.items()) if profit
    ]


def _lots_of(charge: Charge) -> dict[str, CreditLot]:
    """The lots that the profit of a charge went into when it was paid, by pool."""
    txn = Transaction.objects.filter(source=PROFIT_SOURCE, key=f"profit:{charge.pk}").first()
    if txn is None:
        return {}
    accounts = Entry.objects.filter(txn_id=txn.pk).values_list("account_id", flat=True)
    rows = CreditLot.objects.filter(account_id__in=list(accounts)).select_related("pool")
    return {row.pool.code: row for row in rows}


def _became(pool: str, profit: int, lot: CreditLot | None) -> EquityDerivation:
    """What a lot has become so far: titles of conversions, what was paid out, what waits."""
    if lot is None:
        return EquityDerivation(pool, profit, None)
    entries = Entry.objects.filter(account_id=lot.account_id).order_by("version")
    moved = list(entries.values_list("txn_id", "amount"))
    shares = {
        share.conversion.txn_id: share
        for share in ConversionShare.objects.filter(
            member_id=lot.member_id, conversion__txn_id__in=[txn for txn, cents in moved]
        ).select_related("conversion", "title")
    }
    became = [Became(shares[txn], cents) for txn, cents in moved if txn in shares]
    arisen = -sum(cents for _txn, cents in moved if cents < 0)
    left = -balance_of(lot.account_id)
    otherwise = arisen - left - sum(row.cents for row in became)
    return EquityDerivation(pool, profit, lot, arisen, became, otherwise, left)
