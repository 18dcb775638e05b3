"""What one member owns and may use now, read from titles, tokens and the books."""

from dataclasses import dataclass
from datetime import datetime

from assets import queries as assets
from assets.models import Pool
from coop.amounts import rounded_ratio
from ledger.models import Balance
from members.models import Member
from policies.queries import policy
from titles import queries as titles
from tokens.models import Book, Period, Yield


@dataclass(frozen=True)
class Holding:
    """What a member owns of one pool; money in cents."""

    pool: Pool
    units: int
    all_units: int
    issue_price: int
    backing: int
    credit: int

    @property
    def worth(self) -> int:
        """The shares at their issue price."""
        return self.units * self.issue_price

    @property
    def backing_each(self) -> int:
        """Cents behind one share."""
        return rounded_ratio(self.backing, self.all_units, 1)


@dataclass(frozen=True)
class Allowance:
    """The tokens of one yield that a member has in the running period, in millitokens."""

    yields: Yield
    issued: int
    held: int
    redeemed: int
    over: int

    @property
    def total(self) -> int:
        """All tokens that were there to use."""
        return self.held + self.redeemed

    @property
    def used(self) -> int:
        """All that was used, covered or not."""
        return self.redeemed + self.over


def running_period() -> Period | None:
    """The period that is not closed yet, or None."""
    return Period.objects.exclude(state=Period.State.CLOSED).first()


def holdings_of(member: Member, at: datetime) -> list[Holding]:
    """A member's holdings, pools without any left out unless credit waits there."""
    found = [holding_of(member, pool, at) for pool in assets.pools()]
    return [holding for holding in found if holding.units or holding.credit]


def holding_of(member: Member, pool: Pool, at: datetime) -> Holding:
    behind = assets.backing(pool)
    return Holding(
        pool=pool,
        units=titles.units_of(member, pool),
        all_units=behind.units,
        issue_price=int(policy("issue_price", at, pool.code)),
        backing=behind.total,
        credit=titles.equity_credit(member, pool),
    )


def allowances_of(member: Member, period: Period | None) -> list[Allowance]:
    """The member's books of a period, by pool and resource."""
    books = Book.objects.filter(member=member, yields__period=period).select_related(
        "yields__pool", "yields__resource"
    )
    rows = list(books.order_by("yields__pool__code", "yields__resource__position"))
    held = dict(
        Balance.objects.filter(account_id__in=[i for b in rows for i in accounts_of(b)])
        .values_list("account_id", "amount")
    )  # fmt: skip
    return [
        Allowance(
            yields=book.yields,
            issued=book.issued,
            held=held[book.own_account] + held[book.received_account],
            redeemed=held[book.redeemed_account],
            over=held[book.overage_account],
        )
        for book in rows
    ]


def accounts_of(book: Book) -> tuple[int, int, int, int]:
    return book.own_account, book.received_account, book.redeemed_account, book.overage_account
