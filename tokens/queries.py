"""Named reads of periods, books, usage and the close."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least

from ledger.arithmetic import charge
from ledger.models import Balance
from members.models import Member
from tokens.accounts import BOOK_KINDS
from tokens.models import Bid, Book, CloseStep, Gift, Loan, Offer, Period, Usage, Voucher, Yield
from tokens.services.close import STEPS, next_step

FLOWS = (
    "given", "gifts", "bought", "lent", "borrowed", "repaid", "made_good", "taken_out", "via",
)  # fmt: skip
"""the sums of what moved a book's tokens, by the names of BookState"""


@dataclass(frozen=True)
class BookState:
    """A book as it stands: millitokens; provisional charges in cents.

    `given` and `gifts` count accepted gifts, `bought` what auctions brought; `lent` and
    `borrowed` what is not back in the same tokens, `repaid` and `made_good` what came back in
    others; `taken_out` lies in vouchers, `via` was used through them and is in `redeemed`.
    """

    book: Book
    row: Yield
    own: int
    received: int
    redeemed: int
    overage: int
    given: int
    gifts: int
    bought: int
    lent: int
    borrowed: int
    repaid: int
    made_good: int
    taken_out: int
    via: int
    cost: int
    profit: int

    @property
    def left(self) -> int:
        """Millitokens that can still be used without paying above cost."""
        return self.own + self.received

    @property
    def used(self) -> int:
        """Millitokens used so far."""
        return self.redeemed + self.overage

    @property
    def total(self) -> int:
        """Millitokens that were there to be used: used from tokens, left, and in vouchers."""
        return self.redeemed + self.left + self.taken_out


@dataclass(frozen=True)
class StepState:
    """A step of a close: done (with its row, where it was booked as a step), next, or later."""

    name: str
    row: CloseStep | None
    is_done: bool
    is_next: bool


def current_period() -> Period | None:
    """The period that is open or being closed."""
    return Period.objects.exclude(state=Period.State.CLOSED).first()


def periods() -> QuerySet[Period]:
    """Every period, newest first."""
    return Period.objects.order_by("-start")


def yields_of(period: Period) -> QuerySet[Yield]:
    """What each pool yields of each resource in a period."""
    return (
        Yield.objects.filter(period=period)
        .select_related("pool", "resource", "period")
        .order_by("pool__code", "resource__position", "resource__code")
    )


def books_of(member: Member, period: Period) -> list[BookState]:
    """A member's books of a period as they stand now, in the order of pools and resources."""
    rows = (
        Book.objects.filter(member=member, yields__period=period)
        .select_related("yields__pool", "yields__resource", "yields__period")
        .annotate(**_balances(), **_flows())
        .order_by("yields__pool__code", "yields__resource__position", "yields__resource__code")
    )
    return [_state(book) for book in rows]


def _balances() -> dict[str, Coalesce]:
    return {
        f"has_{kind}": Coalesce(
            Subquery(
                Balance.objects.filter(account_id=OuterRef(f"{kind}_account")).values("amount")
            ),
            0,
        )
        for kind in BOOK_KINDS
    }


def _flows() -> dict[str, Coalesce]:
    accepted = Gift.objects.filter(state=Gift.State.ACCEPTED)
    return {
        "given": _total(accepted.filter(giver=OuterRef("pk")), "giver", "amount"),
        "gifts": _total(accepted.filter(receiver=OuterRef("pk")), "receiver", "amount"),
        "bought": _total(Bid.objects.filter(book=OuterRef("pk")), "book", "bought"),
        **_loans(),
        **_vouchers(),
    }


def _loans() -> dict[str, Coalesce]:
    """What of loans moved tokens: not back as such, and made good with others."""
    lent = Loan.objects.filter(accepted_at__isnull=False).order_by()
    given, taken = lent.filter(lender=OuterRef("pk")), lent.filter(borrower=OuterRef("pk"))
    gone = F("amount") - F("returned")
    return {
        "lent": _total(given, "lender", gone),
        "borrowed": _total(taken, "borrower", gone),
        "made_good": _total(given, "lender", "repaid"),
        "repaid": _total(taken, "borrower", "repaid"),
    }


def _vouchers() -> dict[str, Coalesce]:
    """What lies in vouchers, and what was used through them."""
    out = Voucher.objects.filter(book=OuterRef("pk"), state=Voucher.State.OUT).order_by()
    via = Least("presented", "amount")
    return {
        "taken_out": _total(out, "book", F("amount") - via),
        "via": _total(out, "book", via),
    }


def _total(found: QuerySet[Any], by: str, column: str | Combinable) -> Coalesce:
    return Coalesce(Subquery(found.values(by).annotate(n=Sum(column)).values("n")), 0)


def _state(book: Book) -> BookState:
    row = book.yields
    values = {name: int(getattr(book, f"has_{name}")) for name in BOOK_KINDS}
    flows = {name: int(getattr(book, name)) for name in FLOWS}
    return BookState(
        book=book,
        row=row,
        redeemed=book.redeemed,
        overage=book.overage,
        cost=charge(book.overage, row.sale_cost),
        profit=charge(book.overage, row.price - row.sale_cost),
        **values,
        **flows,
    )


def usage_of(member: Member, period: Period) -> QuerySet[Usage]:
    """A member's usage in a period, newest first."""
    return (
        Usage.objects.filter(book__member=member, book__yields__period=period)
        .select_related("book__yields__pool", "book__yields__resource", "rating")
        .order_by("-used_at", "-pk")
    )


def gifts_waiting(member: Member) -> QuerySet[Gift]:
    """Gifts that a member may accept or decline in the open period."""
    return _gifts().filter(
        receiver__member=member,
        state=Gift.State.OFFERED,
        giver__yields__period__state=Period.State.OPEN,
    )


def _gifts() -> QuerySet[Gift]:
    return Gift.objects.select_related(
        "giver__member", "receiver__member", "giver__yields__resource", "giver__yields__pool"
    )


def offers_of(member: Member, period: Period) -> QuerySet[Offer]:
    """A member's offers that hold in a period."""
    mine = Offer.objects.filter(member=member, withdrawn_at=None)
    held = mine.filter(period=period) | mine.filter(period=None)
    return held.select_related("pool", "resource").order_by("pk")


def steps_of(period: Period) -> list[StepState]:
    """The steps of a period's close in order."""
    done = {row.name: row for row in CloseStep.objects.filter(period=period)}
    upcoming = next_step(period)
    reached = len(STEPS) if upcoming is None else STEPS.index(upcoming)
    return [
        StepState(name, done.get(name), place < reached, place == reached)
        for place, name in enumerate(STEPS)
    ]
