"""What proves ownership right."""

from collections.abc import Callable, Iterator

from ledger.invariants import broken
from signing import keys
from signing.errors import SigningError
from titles import certificate, exit_invariants
from titles.models import Title

CHUNK = 1000
MOST_SENTENCES = 20

UNITS = """
WITH titled AS (
    SELECT format('member/%s', t.member_id) AS owner, 'unit:' || p.code AS code,
           sum(t.units) AS units
    FROM titles_title t JOIN assets_pool p ON p.id = t.pool_id
    WHERE t.state = 'live' GROUP BY 1, 2
), held AS (
    SELECT a.owner, c.code, b.amount AS units
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    JOIN ledger_commodity c ON c.id = a.commodity_id
    WHERE a.kind = 'holding' AND b.amount <> 0
)
SELECT format('live titles of %s over %s sum to %s, but the books hold %s',
              owner, code, coalesce(t.units, 0), coalesce(h.units, 0))
FROM titled t FULL JOIN held h USING (owner, code)
WHERE coalesce(t.units, 0) <> coalesce(h.units, 0)"""
CAPITAL = """
WITH titled AS (
    SELECT format('%s/member/%s', p.code, t.member_id) AS owner, sum(t.capital) AS cents
    FROM titles_title t JOIN assets_pool p ON p.id = t.pool_id
    WHERE t.state = 'live' GROUP BY 1
), booked AS (
    SELECT a.owner, -b.amount AS cents
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.kind = 'capital' AND b.amount <> 0
)
SELECT format('live titles of %s stand for %s cents paid in, but the books say %s',
              owner, coalesce(t.cents, 0), coalesce(b.cents, 0))
FROM titled t FULL JOIN booked b USING (owner)
WHERE coalesce(t.cents, 0) <> coalesce(b.cents, 0)"""
CHAIN = """
SELECT format('of the %s shares of title %s, %s went on in later titles', t.units, t.number, l.n)
FROM titles_title t
CROSS JOIN LATERAL (SELECT coalesce(sum(units), 0) AS n FROM titles_titlelink
                    WHERE earlier_id = t.id) AS l
WHERE l.n > t.units OR (t.state = 'live' AND l.n > 0)
   OR (t.state = 'transferred' AND l.n <> t.units)
UNION ALL
SELECT format('title %s is over %s shares, but %s came from earlier titles', t.number, t.units, l.n)
FROM titles_title t
CROSS JOIN LATERAL (SELECT sum(units) AS n FROM titles_titlelink WHERE later_id = t.id) AS l
WHERE l.n <> t.units"""
NUMBERS = """
SELECT format('title numbers have a gap or a repeat: place %s holds number %s', place, number)
FROM (SELECT number, row_number() OVER (ORDER BY number) AS place FROM (
    SELECT number FROM titles_title
    UNION ALL SELECT number FROM members_numbervoid WHERE kind = 'title') AS given) AS n
WHERE number <> place ORDER BY place"""
COUNTER = """
SELECT format('the next title number is %s, but the highest given is %s', c.next, t.highest)
FROM (SELECT coalesce(max(next_number), 1) AS next FROM titles_titlecounter) AS c,
     (SELECT coalesce(max(number), 0) AS highest FROM (
         SELECT number FROM titles_title
         UNION ALL SELECT number FROM members_numbervoid WHERE kind = 'title') AS given) AS t
WHERE c.next <> t.highest + 1"""
NOT_IN_THE_LOG = r"""
SELECT format('the log does not cover title %s as it stands', number) FROM titles_title t
WHERE NOT EXISTS (
    SELECT FROM ledger_document d WHERE d.kind = 'title' AND d.digest = sha256(
        'coop title document v1\000'::bytea || t.salt || sha256(t.envelope)))
ORDER BY number"""
NEGATIVE_CREDIT = """
SELECT format('equity credit of %s is below zero by %s', a.owner, b.amount)
FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
WHERE a.kind = 'equity_credit' AND b.amount > 0"""
CREDIT_WITHOUT_LOT = """
SELECT format('equity credit of %s stands in no lot', a.owner)
FROM ledger_account a
WHERE a.kind = 'equity_credit'
  AND NOT EXISTS (SELECT FROM titles_creditlot l WHERE l.account_id = a.id)"""
CREDIT_FLOW = """
SELECT format('pool %s: profit paid %s, paid ahead %s and contributed %s, less converted %s and '
              'paid out %s, is not the credit %s',
              p.code, x.profit, x.ahead, x.contributed, x.converted, x.paid_out, x.credit)
FROM assets_pool p CROSS JOIN LATERAL (SELECT
    (SELECT coalesce(sum(l.profit), 0) FROM payments_chargeline l
     JOIN payments_charge c ON c.id = l.charge_id
     WHERE c.state = 'paid' AND l.fund = p.code) AS profit,
    (SELECT coalesce(sum(s.count * s.price - s.issued * s.issue_price), 0)
     FROM titles_subscription s
     WHERE s.pool_id = p.id AND s.state IN ('issued', 'credited')) AS ahead,
    (SELECT coalesce(sum(v.units * v.price), 0) FROM titles_conversion v
     WHERE v.pool_id = p.id) AS converted,
    (SELECT coalesce(sum(credit), 0) FROM titles_contribution WHERE pool_id = p.id) AS contributed,
    (SELECT coalesce(sum(credit), 0) FROM titles_redemption WHERE pool_id = p.id)
    + (SELECT coalesce(sum(amount), 0) FROM payments_creditreturn WHERE fund = p.code) AS paid_out,
    (SELECT coalesce(-sum(b.amount), 0) FROM titles_creditlot k
     JOIN ledger_balance b ON b.account_id = k.account_id WHERE k.pool_id = p.id) AS credit
) AS x
WHERE x.profit + x.ahead + x.contributed - x.converted - x.paid_out <> x.credit"""
PROFIT_DUE = """
WITH charged AS (
    SELECT format('%s/member/%s', l.fund, c.member_id) AS owner, sum(l.profit) AS profit
    FROM payments_charge c JOIN payments_chargeline l ON l.charge_id = c.id
    WHERE c.kind = 'period' AND c.state = 'open' AND l.profit > 0 GROUP BY 1
), booked AS (
    SELECT a.owner, -b.amount AS profit
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.kind = 'profit_due' AND b.amount <> 0
)
SELECT format('%s has profit of %s charged and not paid, but the books say %s',
              owner, coalesce(c.profit, 0), coalesce(b.profit, 0))
FROM charged c FULL JOIN booked b USING (owner)
WHERE coalesce(c.profit, 0) <> coalesce(b.profit, 0)"""
GROWTH_LEAVES = """
SELECT format('transaction %s takes %s out of the growth fund %s for no asset and nobody who goes',
              e.txn_id, -e.amount, a.owner)
FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
JOIN ledger_transaction t ON t.id = e.txn_id
WHERE a.kind = 'cash:growth' AND e.amount < 0 AND t.reverses_id IS NULL
  AND NOT EXISTS (
    SELECT FROM ledger_entry o JOIN ledger_account b ON b.id = o.account_id
    WHERE o.txn_id = e.txn_id AND o.amount >= -e.amount
      AND (b.kind = 'assets' AND b.owner = a.owner OR b.kind = 'payable'))
  AND t.source NOT IN ('redemption', 'credit-return')"""
SUBSCRIPTIONS = """
SELECT format('purchase %s is %s for %s of %s units, its charge is %s and its title is over %s',
              s.id, s.state, s.issued, s.count, c.state, coalesce(t.units, 0))
FROM titles_subscription s JOIN payments_charge c ON c.id = s.charge_id
LEFT JOIN titles_title t ON t.id = s.title_id
WHERE s.issued <> coalesce(t.units, 0)
   OR (s.state IN ('issued', 'credited')) <> (c.state = 'paid')
   OR (s.state = 'issued') <> (s.issued = s.count)
   OR (s.state IN ('cancelled', 'expired')) <> (c.state IN ('cancelled', 'returned'))"""

POSITIONS = """
WITH is_so AS (
    SELECT member_id, pool_id, sum(held) AS held, sum(pending) AS pending FROM (
        SELECT member_id, pool_id, units AS held, 0 AS pending FROM titles_title
        WHERE state = 'live'
        UNION ALL
        SELECT member_id, pool_id, 0, count FROM titles_subscription WHERE state = 'reserved'
        UNION ALL
        SELECT member_id, pool_id, 0, offered FROM titles_waitingplace WHERE state = 'offered'
    ) AS u GROUP BY 1, 2
)
SELECT format('member %s holds %s units of pool %s with %s pending, but the position says %s, %s',
              member_id, coalesce(s.held, 0), pool_id, coalesce(s.pending, 0), p.held, p.pending)
FROM is_so s FULL JOIN titles_position p USING (member_id, pool_id)
WHERE (coalesce(s.held, 0), coalesce(s.pending, 0)) IS DISTINCT FROM
      (coalesce(p.held, 0), coalesce(p.pending, 0))"""
PASSED_ON = """
SELECT format('transfer %s of %s shares is accepted, but titles over %s went to the receiver',
              t.id, t.units, coalesce(n.units, 0))
FROM titles_transfer t
CROSS JOIN LATERAL (SELECT sum(units) AS units FROM titles_title i
                    WHERE i.txn_id = t.txn_id AND i.member_id = t.receiver_id) AS n
WHERE t.state = 'accepted' AND t.units <> coalesce(n.units, 0)"""


def live_titles_are_the_units_held() -> list[str]:
    """Live titles of a member in a pool sum to the member's units in the books."""
    return broken(UNITS)


def paid_in_capital_is_that_of_the_titles() -> list[str]:
    """What was paid in for a member's live titles is the member's capital in the books."""
    return broken(CAPITAL)


def the_chain_of_titles_is_whole() -> list[str]:
    """What left a title went on in later ones, unit by unit, and nothing twice."""
    return broken(CHAIN)


def title_numbers_have_no_gap() -> list[str]:
    """Title numbers run 1 … n, the void ones among them, and the counter names n + 1."""
    return broken(NUMBERS) + broken(COUNTER)


def titles_say_what_was_signed() -> list[str]:
    """Every title carries the cooperative's signature and says what its row says."""
    key, sentences = keys.public_key(), []
    for title in _all_titles():
        sentences += _wrong_with(title, key)
        if len(sentences) >= MOST_SENTENCES:
            break
    return sentences


def equity_credit_is_never_negative() -> list[str]:
    """No lot of equity credit is below zero, and all equity credit stands in lots."""
    return broken(NEGATIVE_CREDIT) + broken(CREDIT_WITHOUT_LOT)


def credit_is_what_was_paid_less_what_was_converted() -> list[str]:
    """Profit paid and money paid ahead are equity credit until they are units."""
    return broken(CREDIT_FLOW)


def profit_due_is_what_was_charged() -> list[str]:
    """Profit that was charged and not paid stands as due, and is no credit yet."""
    return broken(PROFIT_DUE)


def the_growth_fund_leaves_for_assets_and_redemptions() -> list[str]:
    """Cash leaves the growth fund of a pool only for that pool's assets and to those who go.

    That it pays no more than redemptions brought is checked in titles/exit_invariants.py.
    """
    return broken(GROWTH_LEAVES)


def purchases_end_in_titles() -> list[str]:
    """A paid purchase has its title; one that is not paid has none."""
    return broken(SUBSCRIPTIONS)


def positions_are_what_is_held_and_pending() -> list[str]:
    """What the cap counts for each member is the sum of titles, reservations and offers."""
    return broken(POSITIONS)


def accepted_transfers_have_their_titles() -> list[str]:
    """What was offered and accepted went to the receiver, no share more and none less."""
    return broken(PASSED_ON)


def titles_are_covered_by_the_log() -> list[str]:
    """The log of the books holds the digest of each title as it was signed."""
    return broken(NOT_IN_THE_LOG)


def _all_titles() -> Iterator[Title]:
    return Title.objects.select_related("member", "pool").order_by("number").iterator(CHUNK)


def _wrong_with(title: Title, key: bytes) -> list[str]:
    try:
        facts = certificate.read(bytes(title.envelope), key)
    except SigningError as error:
        return [f"title {title.number} is not as the cooperative signed it: {error}"]
    says = (facts["number"], facts["units"], facts["member"]["number"], facts["pool"]["code"])
    signed = (*says, facts["origin"], facts["reference"])
    holder, pool = title.member.number, title.pool.code
    stored = (title.number, title.units, holder, pool, title.origin, str(title.reference))
    if signed != stored:
        return [f"title {title.number} says {signed}, but its row says {stored}"]
    return []


INVARIANTS: list[Callable[[], list[str]]] = [
    live_titles_are_the_units_held,
    title_numbers_have_no_gap,
    paid_in_capital_is_that_of_the_titles,
    the_chain_of_titles_is_whole,
    titles_say_what_was_signed,
    titles_are_covered_by_the_log,
    equity_credit_is_never_negative,
    credit_is_what_was_paid_less_what_was_converted,
    profit_due_is_what_was_charged,
    the_growth_fund_leaves_for_assets_and_redemptions,
    purchases_end_in_titles,
    positions_are_what_is_held_and_pending,
    accepted_transfers_have_their_titles,
    *exit_invariants.INVARIANTS,
]
