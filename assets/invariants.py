"""What proves the assets' part of the books right."""

from collections.abc import Callable

from ledger.invariants import broken

UNITS_DIFFER = """
SELECT format('units of %s sum to %s instead of zero over created, treasury and members',
              c.code, sum(b.amount))
FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
JOIN ledger_commodity c ON c.id = a.commodity_id
WHERE c.kind = 'unit' GROUP BY c.code HAVING sum(b.amount) <> 0"""
UNBACKED_UNITS = """
SELECT format('pool %s has %s units but its assets brought %s into being', p.code, -b.amount, s.n)
FROM assets_pool p
JOIN ledger_commodity c ON c.code = 'unit:' || p.code
JOIN ledger_account a ON a.commodity_id = c.id AND a.kind = 'created'
JOIN ledger_balance b ON b.account_id = a.id
CROSS JOIN LATERAL (SELECT coalesce(sum(units_created), 0) AS n
                    FROM assets_asset WHERE pool_id = p.id) s
WHERE -b.amount <> s.n"""


def units_are_created_minus_cancelled() -> list[str]:
    """Members' and treasury units of each pool are all that were created."""
    return broken(UNITS_DIFFER)


def units_are_backed() -> list[str]:
    """No unit exists without an asset that brought it into being."""
    return broken(UNBACKED_UNITS)


INVARIANTS: list[Callable[[], list[str]]] = [units_are_created_minus_cancelled, units_are_backed]
