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
ASSETS_AT_COST = """
SELECT format('pool %s holds assets that cost %s, but the books say %s', p.code, x.cost, x.booked)
FROM assets_pool p CROSS JOIN LATERAL (SELECT
    (SELECT coalesce(sum(a.cost), 0) FROM assets_asset a
     WHERE a.pool_id = p.id AND a.txn_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM assets_disposal d WHERE d.asset_id = a.id)) AS cost,
    (SELECT coalesce(sum(b.amount), 0) FROM ledger_account a
     JOIN ledger_balance b ON b.account_id = a.id
     WHERE a.kind = 'assets' AND a.owner = 'pool/' || p.code) AS booked
) AS x WHERE x.cost <> x.booked"""
WRITTEN_OFF = """
SELECT format('runs wrote %s off the assets of pool %s, but the books say %s',
              x.run, p.code, x.booked)
FROM assets_pool p CROSS JOIN LATERAL (SELECT
    (SELECT coalesce(sum(r.amount), 0) FROM assets_depreciation r
     JOIN assets_depreciationplan l ON l.id = r.plan_id JOIN assets_asset a ON a.id = l.asset_id
     WHERE a.pool_id = p.id
       AND NOT EXISTS (SELECT FROM assets_disposal d WHERE d.asset_id = a.id)) AS run,
    (SELECT coalesce(-sum(b.amount), 0) FROM ledger_account a
     JOIN ledger_balance b ON b.account_id = a.id
     WHERE a.kind = 'depreciation' AND a.owner = 'pool/' || p.code) AS booked
) AS x WHERE x.run <> x.booked"""
BEYOND_THE_BASE = """
SELECT format('plan %s of asset %s wrote off %s of %s cents',
              l.id, l.asset_id, sum(r.amount), l.base)
FROM assets_depreciationplan l JOIN assets_depreciation r ON r.plan_id = l.id
GROUP BY l.id HAVING sum(r.amount) > l.base"""


def units_are_created_minus_cancelled() -> list[str]:
    """Members' and treasury units of each pool are all that were created."""
    return broken(UNITS_DIFFER)


def units_are_backed() -> list[str]:
    """No unit exists without an asset that brought it into being."""
    return broken(UNBACKED_UNITS)


def assets_stand_in_the_books_at_cost() -> list[str]:
    """The books hold what a pool's assets cost, those left out that were disposed of."""
    return broken(ASSETS_AT_COST)


def what_runs_wrote_off_is_in_the_books() -> list[str]:
    """The books hold what runs wrote off, and no plan wrote off more than its base."""
    return broken(WRITTEN_OFF) + broken(BEYOND_THE_BASE)


INVARIANTS: list[Callable[[], list[str]]] = [
    units_are_created_minus_cancelled,
    units_are_backed,
    assets_stand_in_the_books_at_cost,
    what_runs_wrote_off_is_in_the_books,
]
