"""The last tokens of a book, wanted by twenty at once; loans and vouchers pulled from two sides."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from coop.invariants import all_broken
from ledger.queries import balance_of
from metering import services as metering
from metering.services import Slot, take_voucher
from tests.at_once import run_at_once
from tests.metering.machine import Machine
from tests.metering.test_vouchers import redeem, taken
from tests.metering.world import Valley, make_valley
from tokens.errors import GiftCapReached, NotEnoughTokens, VoucherUsed
from tokens.models import Book, Gift, Loan, Usage, Voucher
from tokens.services import (
    accept_gift,
    accept_loan,
    give,
    give_back_voucher,
    lend,
    return_due_loans,
    return_loan,
)

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20
EACH = 50_000
FITS = 10


def wished(valley: Valley, n: int) -> Callable[[], object]:
    """Somebody wants a part: a gift, a loan or a voucher, in turn."""
    bandwidth, now = valley.resource("bandwidth"), timezone.now().replace(microsecond=0)
    what: dict[str, Any] = {
        "pool": valley.pool,
        "resource": bandwidth,
        "amount": EACH,
        "actor": None,
    }
    later = now + timedelta(days=1)

    def gift() -> object:
        made = give(giver=valley.ana, receiver=valley.ben, key=f"g{n}", **what)
        return accept_gift(gift_id=made.pk, actor=None)

    def loan() -> object:
        made = lend(lender=valley.ana, borrower=valley.ben, due_at=later, key=f"l{n}", **what)
        return accept_loan(loan_id=made.pk, actor=None)

    def voucher() -> object:
        slot = Slot(now, later, node=valley.machine.row)
        return take_voucher(member=valley.ana, slot=slot, key=f"v{n}", **what)

    return (gift, loan, voucher)[n % 3]


def test_twenty_want_the_last_tokens_and_ten_get_them() -> None:
    valley = make_valley()
    results = run_at_once([wished(valley, n) for n in range(AT_ONCE)])
    refused = [r for r in results if isinstance(r, (NotEnoughTokens, GiftCapReached))]
    done = [r for r in results if isinstance(r, (Gift, Loan, Voucher))]
    assert len(refused) + len(done) == AT_ONCE, results
    book = Book.objects.get(member=valley.ana, yields__resource__code="bandwidth")
    assert balance_of(book.own_account) == 500_000 - EACH * len(done) == 0
    assert len(done) == FITS
    assert all_broken() == []


def test_a_loan_returned_by_twenty_returns_once() -> None:
    valley = make_valley()
    loan = lend(
        lender=valley.ana, borrower=valley.ben, pool=valley.pool,
        resource=valley.resource("bandwidth"), amount=EACH,
        due_at=timezone.now() + timedelta(seconds=30), actor=None, key="l",
    )  # fmt: skip
    accept_loan(loan_id=loan.pk, actor=None)
    later = loan.due_at + timedelta(seconds=1)

    def by_hand() -> object:
        return return_loan(loan_id=loan.pk, actor=None)

    def by_the_sweep() -> object:
        return return_due_loans(now=later)

    results = run_at_once([by_hand, by_the_sweep] * (AT_ONCE // 2))
    assert not [r for r in results if isinstance(r, Exception)], results
    loan.refresh_from_db()
    assert (loan.state, loan.returned) == ("back", EACH)
    assert all_broken() == []


def test_given_back_and_presented_at_once_is_one_of_the_two() -> None:
    valley = make_valley()
    voucher = taken(valley, EACH)
    envelope = valley.machine.batch(redeem(valley.machine, voucher, 10**9))
    metering.accept_envelopes(envelopes=[envelope])
    results = run_at_once(
        [lambda: metering.rate_waiting()]
        + [lambda: give_back_voucher(voucher_id=voucher.pk, actor=None)] * 5
    )
    refused = [r for r in results if isinstance(r, Exception)]
    assert all(isinstance(r, VoucherUsed) for r in refused), results
    while metering.rate_waiting():
        pass
    voucher.refresh_from_db()
    assert voucher.presented == 1_000
    assert (voucher.state, bool(voucher.beyond)) in (("out", False), ("back", True))
    assert all_broken() == []


def test_two_nodes_present_the_same_voucher_at_once() -> None:
    valley = make_valley()
    asset = valley.pool.assets.get()
    machines = [valley.machine, Machine().enrolled().described()]
    for machine in machines:
        machine.row.asset = asset
        machine.row.save(update_fields=["asset"])
    voucher = taken(valley, EACH, asset=asset)
    for machine in machines:
        metering.accept_envelopes(envelopes=[machine.batch(redeem(machine, voucher, EACH * 10**6))])
    ids = [machine.row.pk for machine in machines]
    results = run_at_once([partial(metering.rate_node, node_id=pk) for pk in ids])
    assert results == [1, 1]
    voucher.refresh_from_db()
    assert (voucher.presented, voucher.beyond) == (2 * EACH, EACH)
    assert sum(Usage.objects.values_list("amount", flat=True)) == 2 * EACH
    assert all_broken() == []
