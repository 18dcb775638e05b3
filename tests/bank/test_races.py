"""Two treasurers, two imports, at the same moment."""

import pytest
from django.utils import timezone

from bank.errors import LineDecided
from bank.models import BankFile, Decision, Line
from bank.services import Wish, decide, import_file, match_all
from payments.models import Payment, ProviderNotice
from payments.providers import Fact
from payments.services import prepaid_balance
from tests.at_once import run_at_once
from tests.bank.books import all_wrong, balance_of, own_charge
from tests.bank.camt_file import Page, camt, credit
from tests.makers import make_member, make_pool, reserve
from titles.services import accept_notice, settle_from_prepaid

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
MANY = 6


def test_one_file_imported_by_many_at_once_comes_in_once() -> None:
    member, pool = make_member(), make_pool(treasury=100)
    charges = [own_charge(member, pool, cost=100 + n, code=f"p{n}") for n in range(5)]
    charges += [reserve(member, pool, 2).charge for _n in range(3)]
    entries = [credit(c.amount, TODAY, f"A{c.pk}", reference=c.reference) for c in charges]
    data = camt(Page(entries, "S1", 0, TODAY))

    def take() -> int:
        file = import_file(data=data, name="f", actor=None)
        match_all()
        return file.pk

    assert len(set(run_at_once([take] * MANY))) == 1
    assert (BankFile.objects.count(), Line.objects.count(), Payment.objects.count()) == (1, 8, 8)
    assert (balance_of("unassigned"), all_wrong()) == (0, [])


def test_overlapping_files_at_once_tell_each_line_once() -> None:
    make_member()
    entries = [credit(100 + n, TODAY, f"A{n}") for n in range(12)]
    files = [camt(Page(entries[n : n + 4], f"S{n}", 0, TODAY)) for n in range(0, 9, 2)]
    jobs = [lambda data=data: import_file(data=data, name="f", actor=None) for data in files]
    assert all(isinstance(file, BankFile) for file in run_at_once(jobs))
    assert Line.objects.count() == 12
    match_all()
    assert all_wrong() == []


def test_many_treasurers_decide_one_line_once() -> None:
    member = make_member()
    import_file(data=camt(Page([credit(500, TODAY, "A1")], "S1", 0, TODAY)), name="f", actor=None)
    match_all()
    line = Line.objects.get()

    def choose(kind: str, key: str) -> object:
        wish = Wish(kind, member_id=member.pk, note="mine")
        return decide(line_id=line.pk, wish=wish, actor=None, key=key)

    kinds = ["prepaid", "refund", "not_ours"] * 2
    results = run_at_once(
        [lambda kind=kind, n=n: choose(kind, f"k{n}") for n, kind in enumerate(kinds)]
    )
    done = [one for one in results if isinstance(one, Decision)]
    refused = [one for one in results if isinstance(one, LineDecided)]
    assert (len(done), len(refused), all_wrong()) == (1, MANY - 1, [])


def test_one_click_of_many_tabs_settles_a_charge_once() -> None:
    member, pool = make_member(), make_pool()
    own_charge(member, pool, cost=300)
    page = Page([credit(700, TODAY, "A1")], "S1", 0, TODAY)
    import_file(data=camt(page), name="f", actor=None)
    match_all()
    wish = Wish("prepaid", member_id=member.pk)
    decide(line_id=Line.objects.get().pk, wish=wish, actor=None, key="k")
    own_charge(member, pool, cost=250, code="2026-07")
    paid = run_at_once([lambda: settle_from_prepaid(member=member, actor=None)] * MANY)
    assert sorted(len(one) for one in paid if isinstance(one, list)) == [0] * (MANY - 1) + [1]
    assert (prepaid_balance(member), all_wrong()) == (150, [])


def test_a_notification_told_many_times_at_once_is_booked_once() -> None:
    charge = own_charge(make_member(), make_pool(), cost=300)
    fact = Fact("n-1", charge.reference, 300, TODAY)
    run_at_once([lambda: accept_notice(provider="demo", fact=fact)] * MANY)
    notice = ProviderNotice.objects.get()
    assert (notice.payment, Payment.objects.count()) == (Payment.objects.get(), 1)
    other = accept_notice(provider="demo", fact=Fact("n-2", charge.reference, 300, TODAY))
    assert (other.payment, "paid before" in other.refusal, all_wrong()) == (None, True, [])
