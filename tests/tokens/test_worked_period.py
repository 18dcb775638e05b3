"""The worked period of docs/economics.md, through the real services, step by step."""

import pytest

from assets.queries import treasury_units
from coop.invariants import all_broken
from ledger.queries import balance
from payments.models import Charge
from tests.valley import JULY, make_valley
from titles.services import settle_charges
from tokens.models import Settlement, Usage, Yield
from tokens.services import preview_step, record_usage, run_step

pytestmark = pytest.mark.django_db


def test_the_worked_period_comes_out_to_the_cent() -> None:
    valley = make_valley()
    row = Yield.objects.get()
    assert (row.unit_cost, row.sale_cost, row.price) == (50_000_000, 50_000_000, 80_000_000)
    assert row.pool_issued == 200_000
    rows = valley.used_as_in_the_worked_period()
    record_usage(rows=rows, actor=None)
    assert Usage.objects.count() == 3
    chloe = valley.members["chloe"].pk
    assert balance("EUR", "provisional_receivable", f"member/{chloe}") == 9600
    assert all_broken() == []

    for step in ("settle", "match", "charge"):
        preview = preview_step(period_id=valley.period.pk, step=step, actor=None, at=JULY)
        done = run_step(period_id=valley.period.pk, step=step, actor=None, at=JULY)
        assert preview.summary == done.summary
    settle_charges(period_code="2026-06", actor=None)
    valley.run("expire", "expire", "convert", "convert")

    row.refresh_from_db()
    assert (row.matched, row.unbacked, row.pool_sold) == (120_000, 0, 72_727)
    assert (row.vacancy, row.to_reserve, row.carried_next) == (6364, 0, 0)
    assert row.settled_cost == 50_000_000
    ben = Settlement.objects.get(book__member=valley.members["ben"])
    assert (ben.sold, ben.expired, ben.own_cost) == (47_273, 82_727, 12_636)
    charges = dict(Charge.objects.values_list("member__name", "amount"))
    assert charges == {"ana": 25_000, "ben": 12_636, "chloe": 9_600}
    assert treasury_units(valley.pool) == 164
    assert balance("unit:backbone", "holding", f"member/{chloe}") == 36
    assert balance("EUR", "cash:growth", "pool/backbone") == 3600
    assert balance("EUR", "vacancy", "pool/backbone") == 6364

    july = Yield.objects.get(period=valley.open_july())
    issued = dict(july.books.values_list("member__name", "issued"))
    assert issued == {"ana": 500_000, "ben": 300_000, "chloe": 36_000}
    assert july.pool_issued == 164_000
    assert all_broken() == []
