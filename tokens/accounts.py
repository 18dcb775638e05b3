"""The ledger accounts of tokens, and of members' charges: names and SQL that finds them."""

from assets.accounts import MONEY
from assets.models import Pool, Resource
from ledger.services import ensure_commodity, open_account

BOOK_KINDS = ("own", "received")
"""what a member holds of a yield"""
COMMON_KINDS: dict[str, int | None] = {
    "issue": None,
    "unbacked": None,
    "pool": 0,
    "expired": 0,
    "redeemed": 0,
    "overage": 0,
}
"""kind → floor, of the accounts that all books of a yield have in common"""


def token_code(pool: Pool, resource: Resource, period: str) -> str:
    """The commodity of a pool's tokens of a resource in a period."""
    return f"token:{pool.code}:{resource.code}:{period}"


def open_token(pool: Pool, resource: Resource, period: str) -> dict[str, int]:
    """A new token commodity with its common accounts; ids by field name of Yield."""
    code = token_code(pool, resource, period)
    ids = {"commodity_id": ensure_commodity(code=code, kind="token", exponent=3)}
    for kind, floor in COMMON_KINDS.items():
        ids[f"{kind}_account"] = open_account(commodity=code, kind=kind, floor=floor)
    return ids


def member_money(kind: str) -> str:
    """SQL for the id of a member's money account of one kind; b is the book."""
    return (
        f"(SELECT a.id FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id"
        f" WHERE c.code = '{MONEY}' AND a.kind = '{kind}' AND a.owner = 'member/' || b.member_id)"
    )


def pool_money(kind: str) -> str:
    """SQL for the id of a pool's money account of one kind; p is the pool."""
    return (
        f"(SELECT a.id FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id"
        f" WHERE c.code = '{MONEY}' AND a.kind = '{kind}' AND a.owner = 'pool/' || p.code)"
    )


def pool_member_money(kind: str) -> str:
    """SQL for the id of a member's money account in a pool; b is the book, p the pool."""
    return (
        f"(SELECT a.id FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id"
        f" WHERE c.code = '{MONEY}' AND a.kind = '{kind}'"
        f" AND a.owner = p.code || '/member/' || b.member_id)"
    )
