"""Every kind of account has its place in the chart, and none is lost."""

import pytest
from django.test import Client

from assets.accounts import POOL_ACCOUNTS, RESOURCE_ACCOUNTS
from coop.demo import build
from ledger.chart import BY_KIND, CHART, POOL, Category, place_of, pool_of
from ledger.labels import ACCOUNTS
from ledger.models import Account
from ledger.reading import rows
from ledger.reports import REPORTS, Asked
from ledger.reports.spans import span_of
from tests.makers import account, make_cooperative
from tests.valley import make_valley
from tokens.accounts import BOOK_KINDS, COMMON_KINDS

pytestmark = pytest.mark.django_db


def test_every_kind_that_the_code_names_has_a_place() -> None:
    named = {*ACCOUNTS, *POOL_ACCOUNTS, *RESOURCE_ACCOUNTS, *BOOK_KINDS, *COMMON_KINDS}
    assert named - set(BY_KIND) == set()


def test_numbers_are_given_once_and_ascend_with_the_classes() -> None:
    lines = [*CHART, *(place.contrary for place in CHART if place.contrary)]
    numbers = [place.number for place in lines]
    assert len(set(numbers)) == len(numbers)
    assert all(str(place.number)[0] == str(place.category.value) for place in lines)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_demo_is_unclassified() -> None:
    build.build()
    kinds = set(Account.objects.values_list("kind", flat=True))
    assert {place_of(kind).category for kind in kinds}.isdisjoint({Category.UNCLASSIFIED})
    assert len(kinds) > 20
    assert "no place in the chart" not in Client().get("/books/reports/chart/").content.decode()
    pools = dict(
        rows(
            f"SELECT a.id, {POOL} FROM ledger_account a"
            " JOIN ledger_commodity c ON c.id = a.commodity_id",
            {},
        )
    )
    for one in Account.objects.select_related("commodity"):
        assert pools[one.pk] == pool_of(one.commodity.code, one.owner), one


def test_a_balance_of_the_other_side_stands_on_a_line_of_its_own() -> None:
    assert place_of("receivable").on_sheet(debit=True).number == 1200
    assert place_of("receivable").on_sheet(debit=False).number == 2050
    assert place_of("cash:operating").on_sheet(debit=False).category is Category.LIABILITY
    assert place_of("stabilisation").on_sheet(debit=False).number == 2100
    assert place_of("stabilisation").on_sheet(debit=True).category is Category.ASSET
    assert place_of("capital").on_sheet(debit=True).number == 3010


def test_an_unknown_kind_is_shown_apart_and_the_sheet_still_tells_the_truth() -> None:
    from django.utils import timezone

    from ledger.services import Leg, Posting, post

    make_valley()
    strange, cash = account("barter", "pool/backbone"), account("cash:operating", "pool/backbone")
    legs = [Leg(strange, 700), Leg(cash, -700)]
    post(Posting(source="test", key="barter", kind="barter", legs=legs))
    month = span_of(timezone.localdate().strftime("%Y-%m"))
    assert month is not None
    sheet = REPORTS["balance-sheet"](Asked(month))
    apart = sheet.tables[-1]
    assert apart.caption == "Unclassified"
    assert [cell.amount for line in apart.lines for cell in line.cells if cell] == [700]
    assert not sheet.checks[0].holds
    assert "barter" in Client().get("/books/reports/chart/").content.decode()


def test_a_pool_is_read_from_every_way_to_name_an_owner() -> None:
    make_cooperative()
    assert pool_of("EUR", "pool/backbone") == "backbone"
    assert pool_of("EUR", "backbone/bandwidth") == "backbone"
    assert pool_of("EUR", "backbone/member/12/2026-06") == "backbone"
    assert pool_of("EUR", "member/12") == ""
    assert pool_of("unit:backbone", "member/12") == "backbone"
    assert pool_of("token:backbone:bandwidth:2026-06", "") == "backbone"
