"""The growth fund leaves only for assets, loans, and who gives shares or credit back (11.6).

The services that let it go are shown by their own tests; here whatever else tries is refused, also
where the books are written past every service.
"""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from assets.accounts import MONEY, holding_account, money_account, treasury_account
from coop.invariants import all_broken
from ledger.errors import DomainError
from ledger.queries import balance
from ledger.services import Leg, Posting, open_account, post, reverse
from tests.makers import make_member, make_pool

pytestmark = pytest.mark.django_db
PART = "SELECT relname FROM pg_class WHERE oid = 'ledger_entry_rest'::regclass"


def account(kind: str, owner: str) -> int:
    return open_account(commodity=MONEY, kind=kind, owner=owner)


def book(key: str, *legs: Leg) -> int:
    with transaction.atomic():
        return post(Posting(source="test", key=key, kind="journal entry", legs=list(legs)))


def refused(act: Callable[[], object]) -> str:
    with pytest.raises((IntegrityError, DomainError)) as caught, transaction.atomic():
        act()
    return str(caught.value)


def test_the_fund_goes_into_assets_and_to_nobody_else() -> None:
    pool, member = make_pool(), make_member("Ana")
    other = make_pool(code="harbour")
    growth = money_account("cash:growth", pool)
    given = account("capital", f"{pool.code}/member/{member.pk}")
    first = book("in", Leg(growth, 10_000), Leg(given, -10_000))
    elsewhere = {
        "operating cash": money_account("cash:operating", pool),
        "the reserve": money_account("cash:reserve", pool),
        "another pool's fund": money_account("cash:growth", other),
        "another pool's assets": money_account("assets", other),
        "prepaid": account("prepaid", f"member/{member.pk}"),
        "an expense": account("expense", f"{pool.code}/bandwidth"),
        "capital without shares": given,
        "another pool's credit": account("equity_credit", f"{other.code}/member/{member.pk}/x"),
    }
    for place, target in elsewhere.items():
        words = refused(lambda t=target, p=place: book(p, Leg(growth, -500), Leg(t, 500)))  # type: ignore[misc]
        assert "growth fund" in words, place
    half = [Leg(growth, -1000), Leg(money_account("assets", pool), 999)]
    refused(lambda: book("half", *half, Leg(elsewhere["operating cash"], 1)))
    assert balance(MONEY, "cash:growth", f"pool/{pool.code}") == 10_000
    book("mast", Leg(growth, -4000), Leg(money_account("assets", pool), 4000))
    book("loan", Leg(growth, -1000), Leg(money_account("backing", pool), 1000))
    credit = account("equity_credit", f"{pool.code}/member/{member.pk}/2026-06")
    book("paid credit", Leg(growth, 700), Leg(credit, -700))
    book("credit goes", Leg(growth, -700), Leg(credit, 700))
    book("paid out", Leg(growth, -500), Leg(account("payable", f"member/{member.pk}"), 500))
    assert balance(MONEY, "cash:growth", f"pool/{pool.code}") == 4500
    refused(lambda: reverse(txn_id=first, source="test", key="back", actor=None, memo="undone"))
    book("more", Leg(growth, 9000), Leg(given, -9000))
    reverse(txn_id=first, source="test", key="back", actor=None, memo="undone")
    assert balance(MONEY, "cash:growth", f"pool/{pool.code}") == 3500


def test_capital_leaves_only_with_the_shares_that_return() -> None:
    pool, member = make_pool(), make_member("Ana")
    growth = money_account("cash:growth", pool)
    given = account("capital", f"{pool.code}/member/{member.pk}")
    held, treasury = holding_account(pool, member.pk), treasury_account(pool)
    created = open_account(commodity=f"unit:{pool.code}", kind="created")
    book("units", Leg(treasury, 10), Leg(created, -10))
    book("bought", Leg(growth, 900), Leg(given, -900), Leg(treasury, -9), Leg(held, 9))
    refused(lambda: book("money alone", Leg(growth, -100), Leg(given, 100)))
    units_in = [Leg(treasury, -1), Leg(held, 1)]
    refused(lambda: book("more of both", Leg(growth, -100), Leg(given, 100), *units_in))
    book("back", Leg(growth, -100), Leg(given, 100), Leg(treasury, 1), Leg(held, -1))
    assert balance(MONEY, "cash:growth", f"pool/{pool.code}") == 800


POST = """
SELECT ledger_post(ARRAY['x','x'], ARRAY['a','b'], ARRAY['k','k'], ARRAY['',''], ARRAY['',''],
                   ARRAY['',''], ARRAY[NULL,NULL]::timestamptz[], ARRAY[NULL,NULL]::bigint[],
                   ARRAY[1,1,2,2], %s::bigint[], ARRAY[-40,40,40,-40]::bigint[])"""


def test_raw_sql_is_refused_too_and_other_transactions_of_the_statement_do_not_cover_it() -> None:
    pool = make_pool()
    growth, cash = money_account("cash:growth", pool), money_account("cash:operating", pool)
    book("in", Leg(growth, 100), Leg(account("capital", f"{pool.code}/member/1"), -100))
    assets = money_account("assets", pool)

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(POST, [[growth, cash, assets, cash]])

    assert "for no asset" in refused(raw)


def test_every_month_of_the_books_has_the_rule_also_one_that_is_made_later() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_make_partitions('2199-01-01', '2199-01-31')")
        cursor.execute(
            "SELECT c.relname,"
            " count(t.oid) FILTER (WHERE t.tgfoid = 'titles_check_growth'::regproc)"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid"
            " WHERE i.inhparent = 'ledger_entry'::regclass GROUP BY 1"
        )
        found = dict(cursor.fetchall())
    assert "ledger_entry_y2199m01" in found
    assert set(found.values()) == {1}
    assert all_broken() == []
