"""What a charge that is never paid leaves to its sellers, where something was taken off it."""

import pytest

from coop.invariants import all_broken
from ledger.queries import balance
from ledger.services import open_account
from payments.models import Charge
from payments.services import credit_prepaid
from tests.valley import AUGUST, JULY, Valley, make_valley
from tokens.services import UsageRow, record_late, record_usage, run_step, write_off_debt
from tokens.services.unpaid import back_to_sellers

pytestmark = pytest.mark.django_db


def owing_july() -> tuple[Valley, Charge]:
    """In July Chloe has 36 tokens and uses 60: 18.00 own cost, 24 over for 12.00 and 7.20; 10.00
    come off for 20 in June that she did not use. The treasury sold the 24."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    july = valley.open_july()
    record_late(rows=[valley.use("chloe", -20_000, "fix", reason="wrong meter")], actor=None)
    chloe, pool, resource = valley.members["chloe"].pk, valley.pool.pk, valley.resource.pk
    record_usage(rows=[UsageRow(chloe, pool, resource, JULY, 60_000, "july")], actor=None)
    for step in ("settle", "match", "charge"):
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)
    return valley, Charge.objects.get(member=chloe, about="period:2026-07")


def test_what_is_taken_off_pays_before_anything_goes_back_to_sellers() -> None:
    """The 10.00 and 10.00 paid ahead cover 18.00 and 2.00 of the 12.00: 20 tokens go back."""
    valley, charge = owing_july()
    assert charge.amount == 2_720
    assert back_to_sellers(charge) == 1_200
    credit_prepaid(
        member=valley.members["chloe"],
        amount=1_000,
        from_account_id=open_account(commodity="EUR", kind="cash:bank", owner=""),
        key="ahead",
        about="test",
        actor=None,
    )
    before = balance("EUR", "vacancy", "pool/backbone")
    carried = balance("EUR", "stabilisation", "backbone/bandwidth")
    write_off_debt(charge_id=charge.pk, actor=None, source="proposal:1")
    assert balance("EUR", "vacancy", "pool/backbone") - before == 1_000
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == carried
    assert all_broken() == []
