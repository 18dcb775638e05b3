"""A cost part that is never paid goes back to its sellers (economics, section 7).

What a member bought is split over where it came from: each auction at the price of the line, the
surplus matched at the close, and what nobody sold. Each part goes back over its sellers by what
they sold, largest remainder (ties: lower number, the pool last), at the rate w at which they got
rid of it. What was sold by nobody, or by members who are gone, stays a cost of the pool.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from assets.accounts import MONEY
from ledger.arithmetic import largest_remainder, rhe
from ledger.models import Transaction
from ledger.services import Posting, actor_name, post_set
from members.models import Member, User
from payments.models import Charge, ChargeLine
from payments.services import raise_charges
from policies.queries import policy
from titles.models import WriteOff
from titles.services.write_off import SOURCE, by_line, lines_of, write_off
from tokens.accounts import member_money, pool_money
from tokens.models import Bid, Settlement, Yield
from tokens.services.settle import rows

STILL_HERE = (Member.State.ACTIVE, Member.State.SUSPENDED, Member.State.LEAVING)

BACK = """
WITH part AS (
    SELECT * FROM unnest(%(yields)s::bigint[], %(auctions)s::bigint[], %(tokens)s::bigint[])
        WITH ORDINALITY AS p(yields_id, auction_id, tokens, n)
), sellers AS (
    SELECT p.n, m.id AS member_id, m.number, sum(a.sold)::bigint AS amount
    FROM part p JOIN tokens_ask a ON a.auction_id = p.auction_id
    JOIN members_member m ON m.id = a.member_id GROUP BY 1, 2
    UNION ALL SELECT p.n, NULL, NULL, x.pool_sold
    FROM part p JOIN tokens_auction x ON x.id = p.auction_id
    UNION ALL SELECT p.n, m.id, m.number, s.matched
    FROM part p JOIN tokens_book b ON b.yields_id = p.yields_id AND p.auction_id IS NULL
    JOIN tokens_settlement s ON s.book_id = b.id JOIN members_member m ON m.id = b.member_id
    UNION ALL SELECT p.n, NULL, NULL, y.pool_sold - coalesce((
        SELECT sum(pool_sold) FROM tokens_auction WHERE yields_id = y.id), 0)::bigint
    FROM part p JOIN tokens_yield y ON y.id = p.yields_id AND p.auction_id IS NULL
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY n ORDER BY number NULLS LAST) AS place
    FROM sellers WHERE amount > 0
), shared AS (
    SELECT p.yields_id, d.member_id, sum(s.part)::bigint AS tokens
    FROM part p CROSS JOIN LATERAL ledger_share_out(
        p.tokens, (SELECT array_agg(amount ORDER BY place) FROM placed WHERE n = p.n)) AS s
    JOIN placed d ON d.n = p.n AND d.place = s.place GROUP BY 1, 2
), back AS (
    SELECT x.member_id, x.tokens, y.pool_id, p.code AS fund, r.code AS resource, d.code AS period,
           y.settled_cost AS rate, ledger_charge(x.tokens, y.settled_cost) AS cost
    FROM shared x JOIN tokens_yield y ON y.id = x.yields_id
    JOIN assets_pool p ON p.id = y.pool_id JOIN assets_resource r ON r.id = y.resource_id
    JOIN tokens_period d ON d.id = y.period_id
    LEFT JOIN members_member m ON m.id = x.member_id
    WHERE x.member_id IS NULL OR m.state = ANY(%(states)s)
)"""
"""Per seller (member NULL: the pool) and yield the millitokens that come back, and their cost."""

LEGS = f"""
{BACK}
SELECT 1 AS n, {member_money("receivable")} AS account, cost AS amount
FROM back b WHERE b.member_id IS NOT NULL
UNION ALL SELECT 1, {pool_money("vacancy")}, b.cost
FROM back b JOIN assets_pool p ON p.id = b.pool_id WHERE b.member_id IS NULL
UNION ALL SELECT 1, (
    SELECT a.id FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id
    WHERE c.code = '{MONEY}' AND a.kind = 'stabilisation'
      AND a.owner = b.fund || '/' || b.resource), -b.cost
FROM back b"""

LINES = f"""
{BACK}
SELECT member_id, 'own' AS kind, fund, resource, tokens AS quantity, rate, rate AS cost_rate, cost,
       0::bigint AS profit, period
FROM back WHERE member_id IS NOT NULL AND cost > 0"""

TOTAL = f"{BACK} SELECT coalesce(sum(cost), 0)::bigint FROM back"


@dataclass(frozen=True)
class Part:
    """So many millitokens of a yield that were never paid: of an auction, or of the match."""

    yields_id: int
    auction_id: int | None
    tokens: int


@transaction.atomic
def write_off_debt(*, charge_id: int, actor: User | None, source: str) -> WriteOff:
    """Write a charge off; the cost of what was bought and is not paid goes back to its sellers.

    They are charged for it as for their own allocation. A second call gives the first result.
    Raises NotOpen.
    """
    row = write_off(charge_id=charge_id, actor=actor, source=source)
    key = f"{charge_id}:sellers"
    if not Transaction.objects.filter(source=SOURCE, key=key).exists():
        params = _params(row.charge, row.covered)
        if params["tokens"] and rows(TOTAL, params)[0][0]:
            _give_back(row.charge, key, params, actor, source)
    return row


def back_to_sellers(charge: Charge) -> int:
    """Cents of an open charge that would go back to sellers, were nothing of it ever paid."""
    params = _params(charge, 0)
    return int(rows(TOTAL, params)[0][0]) if params["tokens"] else 0


def _params(charge: Charge, covered: int) -> dict[str, Any]:
    parts = list(_parts(charge, covered))
    return {
        "yields": [part.yields_id for part in parts],
        "auctions": [part.auction_id for part in parts],
        "tokens": [part.tokens for part in parts],
        "states": list(STILL_HERE),
    }


def _give_back(
    charge: Charge, key: str, params: dict[str, Any], actor: User | None, source: str
) -> None:
    posting = Posting(
        source=SOURCE,
        key=key,
        kind="unpaid cost back to its sellers",
        about=source,
        actor=actor_name(actor),
        memo=charge.reference,
    )
    post_set([posting], legs=LEGS, params=params)
    now = timezone.now()
    due = timezone.localdate(now) + timedelta(days=policy("payment_days", now))
    about = f"unpaid:{charge.reference}"
    raise_charges(lines=LINES, params=params, about=about, due=due, with_periods=True)


def _parts(charge: Charge, covered: int) -> Iterator[Part]:
    """Where the tokens came from that the purchases of a charge did not pay."""
    code = charge.about.removeprefix("period:")
    for line, paid in by_line(lines_of(charge), covered):
        if line.kind == ChargeLine.Kind.PURCHASE and line.cost > paid:
            found = Settlement.objects.filter(
                book__member_id=charge.member_id,
                book__yields__period__code=code,
                book__yields__pool__code=line.fund,
                book__yields__resource__code=line.resource,
            ).select_related("book__yields")
            for settlement in found:
                yield from _parts_of(line, paid, settlement)


def _parts_of(line: ChargeLine, paid: int, settlement: Settlement) -> Iterator[Part]:
    row = settlement.book.yields
    unpaid = rhe(line.quantity * (line.cost - paid), line.cost)
    sources, weights = _weights(line.rate, settlement, row)
    for auction_id, tokens in zip(
        sources, largest_remainder(unpaid, weights)[: len(sources)], strict=True
    ):
        if tokens:
            yield Part(row.pk, auction_id, tokens)


def _weights(rate: int, settlement: Settlement, row: Yield) -> tuple[list[int | None], list[int]]:
    """The auctions and (None) the match that one rate's tokens came from, by weight.

    One weight more than there are sources: what nobody sold.
    """
    bids = Bid.objects.filter(book_id=settlement.book_id, price=rate, bought__gt=0)
    bought = list(bids.values_list("auction_id", "bought"))
    over = settlement.overage if rate == row.price else 0
    beyond = settlement.beyond_limit if over else 0
    sums = Settlement.objects.filter(book__yields=row).aggregate(
        overage=Sum("overage"), beyond=Sum("beyond_limit")
    )
    within, matched = sums["overage"] - sums["beyond"], row.matched or 0
    whole = max(within, 1)
    sold = (over - beyond) * matched
    sources = [auction_id for auction_id, _ in bought]
    return [*sources, None], [*(n * whole for _, n in bought), sold, over * whole - sold]
