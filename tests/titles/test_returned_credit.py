"""Credit that a correction gives back comes out of cash that is nobody else's."""

import pytest
from django.db import transaction

from assets.services import place_asset
from ledger.queries import balance
from tests.makers import earn_credit, make_member, make_pool
from tests.titles.test_campaigns import TODAY, paid, planned, promise
from titles.queries import equity_credit
from titles.services.returned_credit import return_credit

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_others_paid_ahead_gives_no_credit_back() -> None:
    """The fund spent 90.00 of Chloe's 100.00 on a mast; Ana's 300.00 wait for another."""
    pool = make_pool()
    ana, chloe = make_member("Ana"), make_member("Chloe")
    earn_credit(chloe, pool, 10_000, code="2026-01")
    place_asset(
        pool=pool, name="Mast", kind="mast", cost=9_000, in_service=TODAY, paid_from="growth",
        actor=None, key="mast 1",
    )  # fmt: skip
    paid(promise(ana, planned(pool), 30_000))
    with transaction.atomic():
        back = return_credit(
            pool=pool, member=chloe, cents=4_000, about="test", key="test", actor=None
        )
    assert back is not None
    assert back.amount == 1_000
    assert equity_credit(chloe, pool) == 9_000
    assert balance("EUR", "cash:growth", f"pool/{pool.code}") == 30_000
