"""Giving shares back: notice, the price, the queue, the limit, what is booked."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from assets.services import place_asset
from ledger.errors import KeyConflict
from ledger.queries import balance
from ledger.services import Leg, Posting, post
from members.models import Member
from payments.models import Payout
from tests.makers import (
    IN_SERVICE,
    account,
    agree,
    all_wrong,
    buy,
    earn_credit,
    make_member,
    make_pool,
)
from tests.titles.leaving import (
    all_of_it,
    ask,
    bought_pool,
    next_month,
    no_notice,
    owners,
    payable,
    serve,
    served,
)
from titles import exit_queries as queries
from titles.errors import NotAMember, UnitsBound
from titles.exit_errors import (
    CreditQueued,
    CreditTooYoung,
    NothingToRedeem,
    NotWaiting,
    ReasonNeeded,
    RedemptionSuspended,
)
from titles.models import Redemption, RedemptionRequest, RedemptionRun, Title
from titles.queries import equity_credit, units_of
from titles.services import (
    convert_credit,
    issue_founding_units,
    request_credit_payout,
    request_redemption,
    serve_queue,
    set_class,
    withdraw_redemption,
)

pytestmark = pytest.mark.django_db
State = RedemptionRequest.State


def lose(cents: int) -> None:
    """As if operating the pool had cost so much more than it brought."""
    legs = [
        Leg(account("expense", "x"), cents),
        Leg(account("cash:operating", "pool/backbone"), -cents),
    ]
    with transaction.atomic():
        post(Posting(source="test", key=f"lose {cents}", kind="cost", legs=legs))


def under_recover(cents: int) -> None:
    """As if a close had carried so much cost on that nobody has paid yet."""
    legs = [
        Leg(account("stabilisation", "backbone/bandwidth"), cents),
        Leg(account("cash:operating", "pool/backbone"), -cents),
    ]
    with transaction.atomic():
        post(Posting(source="test", key=f"carry {cents}", kind="carried", legs=legs))


def test_shares_that_go_back_are_payable_at_once_and_their_title_ends() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    request = ask(ana, pool, 30)
    run = serve(pool)
    assert (run.price, served(request)) == (100, [30])
    assert units_of(ana, pool) == 0
    assert balance("unit:backbone", "treasury", "pool/backbone") == 100
    assert payable(ana) == 3000
    assert balance("EUR", "capital", f"backbone/member/{ana.pk}") == 0
    title = Title.objects.get()
    assert title.state == Title.State.CANCELLED
    payout = Payout.objects.get()
    assert (payout.amount, payout.kind, payout.member_id) == (3000, "redemption", ana.pk)
    assert payout.purse_account_id == account("cash:growth", "pool/backbone")
    assert all_wrong() == []


def test_what_is_left_of_a_title_is_signed_anew_and_keeps_what_was_paid_for_it() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    ask(ana, pool, 10)
    serve(pool)
    old, rest = Title.objects.order_by("number")
    assert (old.state, rest.state) == (Title.State.CANCELLED, Title.State.LIVE)
    assert (rest.units, rest.capital, rest.origin) == (20, 2000, Title.Origin.SPLIT)
    assert rest.earlier_links.get().earlier == old
    assert all_wrong() == []


def test_the_titles_that_were_chosen_go_first() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = make_member("Ana")
    for _ in range(3):
        buy(ana, pool, 10)
    ask(ana, pool, 15, numbers=[3, 1])
    serve(pool)
    live = Title.objects.filter(state="live").order_by("number")
    assert [(t.number, t.units) for t in live] == [(2, 10), (4, 5)]
    assert all_wrong() == []


def test_nothing_is_served_before_the_notice_is_over() -> None:
    all_of_it()
    agree("redemption_notice_days", 30)
    pool = bought_pool(100)
    request = ask(owners(pool, Ana=10)["Ana"], pool, 10)
    serve(pool, at=timezone.now() + timedelta(days=29))
    assert served(request) == [0]
    serve(pool, at=timezone.now() + timedelta(days=30))
    assert served(request) == [10]
    assert all_wrong() == []


@pytest.mark.parametrize(
    ("lost", "price"), [(0, 100), (1000, 100), (3000, 100), (3100, 99), (13000, 0), (14000, 0)]
)
def test_the_price_is_the_lower_of_issue_price_and_backing(lost: int, price: int) -> None:
    no_notice()
    all_of_it()
    # 100 units backed by 10 000 of assets and 3 000 of cash.
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    if lost:
        lose(lost)
    request = ask(ana, pool, 30)
    run = serve(pool)
    assert run.price == price
    assert served(request) == [30 if price else 0]
    assert payable(ana) == 30 * price
    assert balance("EUR", "capital_reserve", "pool/backbone") == (30 * price - 3000 if price else 0)
    assert all_wrong() == []


def test_what_waits_to_be_paid_out_backs_nobody_any_more() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    people = owners(pool, Ana=40, Ben=40)
    lose(8000)
    first = queries.quote(pool).price
    assert first.per_unit == 100
    ask(people["Ana"], pool, 40)
    serve(pool)
    assert queries.quote(pool).price.behind == first.behind - 4000
    assert queries.quote(pool).price.per_unit == 60
    assert all_wrong() == []


def test_a_share_of_cost_not_recovered_stays_and_its_cash_changes_the_purse() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    under_recover(501)
    ask(ana, pool, 30)
    serve(pool)
    row = Redemption.objects.get()
    assert (row.gross, row.settled, row.due) == (3000, 150, 2850)
    assert payable(ana) == 2850
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == 351
    assert balance("EUR", "cash:growth", "pool/backbone") == 2850
    assert balance("EUR", "cash:operating", "pool/backbone") == 150 - 501
    assert all_wrong() == []


def test_the_share_of_cost_never_takes_more_than_the_shares_bring() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    under_recover(12_000)
    ask(ana, pool, 30)
    serve(pool)
    row = Redemption.objects.get()
    assert (row.price, row.gross, row.settled, row.due) == (10, 300, 300, 0)
    assert (row.payout_id, payable(ana)) == (None, 0)
    assert all_wrong() == []


def test_the_limit_of_a_month_is_kept_and_the_rest_keeps_its_place() -> None:
    no_notice()
    agree("redemption_limit", [1, 10])
    pool = bought_pool(100)
    people = owners(pool, Ana=12, Ben=12)
    first, second = ask(people["Ana"], pool, 12), ask(people["Ben"], pool, 5)
    serve(pool)
    assert served(first, second) == [10, 0]
    serve(pool)
    assert served(first, second) == [10, 0]
    first.refresh_from_db()
    assert (first.state, first.left) == (State.WAITING, 2)
    assert queries.place_of(first, timezone.now()).number == 1
    serve(pool, at=next_month())
    assert served(first, second) == [12, 5]
    assert all_wrong() == []


def test_a_limit_in_money_and_the_cash_of_the_growth_fund_bind_too() -> None:
    no_notice()
    all_of_it()
    agree("redemption_limit_cents", 750)
    pool = bought_pool(100)
    people = owners(pool, Ana=12)
    first = ask(people["Ana"], pool, 12)
    serve(pool)
    assert served(first) == [7]
    agree("redemption_limit_cents", 0)
    place_asset(
        pool=pool,
        name="Switch",
        kind="switch",
        cost=400,
        in_service=IN_SERVICE,
        paid_from="growth",
        actor=None,
        key="switch",
    )
    # 1200 came in, 700 is owed out, 400 bought something: one share can be paid.
    serve(pool)
    assert served(first) == [8]
    assert all_wrong() == []


def test_the_same_key_pays_nothing_again() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    ask(ana, pool, 10)
    first = serve(pool, "november")
    ask(ana, pool, 10)
    assert serve(pool, "november") == first
    assert (RedemptionRun.objects.count(), payable(ana)) == (1, 1000)


def test_a_key_asks_once_and_other_content_is_a_conflict() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    words: dict[str, Any] = {"member": ana, "pool": pool, "actor": None, "key": "k"}
    first = request_redemption(units=5, **words)
    assert request_redemption(units=5, **words) == first
    with pytest.raises(KeyConflict):
        request_redemption(units=6, **words)


def test_need_comes_before_leaving_and_leaving_before_parts() -> None:
    no_notice()
    agree("redemption_limit", [1, 10])
    pool = bought_pool(100)
    people = owners(pool, Ana=20, Ben=20, Chloe=20)
    parts = ask(people["Ana"], pool, 8)
    leaving = ask(people["Ben"], pool, 8)
    hardship = ask(people["Chloe"], pool, 8)
    set_class(request_id=leaving.pk, klass="leaving", reason="moves away", actor=None)
    set_class(request_id=hardship.pk, klass="hardship", reason="lost the job", actor=None)
    now = timezone.now()
    assert list(queries.queue(pool, now)) == [hardship, leaving, parts]
    serve(pool)
    assert served(parts, leaving, hardship) == [0, 2, 8]
    agree("redemption_order", "by_time")
    assert list(queries.queue(pool, now)) == [parts, leaving]
    assert all_wrong() == []


def test_a_turn_before_others_needs_a_reason_and_a_waiting_request() -> None:
    pool = bought_pool(100)
    request = ask(owners(pool, Ana=20)["Ana"], pool, 8)
    with pytest.raises(ReasonNeeded):
        set_class(request_id=request.pk, klass="hardship", reason=" ", actor=None)
    withdraw_redemption(request_id=request.pk, actor=None)
    with pytest.raises(NotWaiting):
        set_class(request_id=request.pk, klass="hardship", reason="need", actor=None)


def test_shares_in_the_queue_are_bound_until_the_request_is_withdrawn() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    request = ask(ana, pool, 15)
    with pytest.raises(UnitsBound):
        ask(ana, pool, 6)
    assert ask(ana, pool, 5).wanted == 5
    withdraw_redemption(request_id=request.pk, actor=None)
    assert withdraw_redemption(request_id=request.pk, actor=None).state == State.WITHDRAWN
    assert ask(ana, pool, 15).wanted == 15


def test_what_was_served_cannot_be_withdrawn() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    request = ask(owners(pool, Ana=20)["Ana"], pool, 15)
    serve(pool)
    with pytest.raises(NotWaiting):
        withdraw_redemption(request_id=request.pk, actor=None)


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_cannot_be_given_back(units: int) -> None:
    pool = bought_pool(100)
    with pytest.raises(NothingToRedeem):
        ask(owners(pool, Ana=20)["Ana"], pool, units)


def test_who_is_no_member_any_more_asks_for_nothing() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    Member.objects.filter(pk=ana.pk).update(state=Member.State.LEFT)
    with pytest.raises(NotAMember):
        ask(ana, pool, 1)


def test_a_decision_can_suspend_it_and_the_place_is_kept() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    request = ask(owners(pool, Ana=20)["Ana"], pool, 15)
    agree("redemption_suspended", True, scope="backbone")
    with pytest.raises(RedemptionSuspended):
        serve(pool)
    assert queries.place_of(request, timezone.now()).month is None
    agree("redemption_suspended", False, scope="backbone")
    serve(pool)
    assert served(request) == [15]


def test_two_requests_of_one_member_are_served_in_one_run() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    first, second = ask(ana, pool, 7), ask(ana, pool, 8)
    run = serve(pool)
    assert served(first, second) == [7, 8]
    assert [row.units for row in run.redemptions.order_by("pk")] == [7, 8]
    assert units_of(ana, pool) == 5
    assert all_wrong() == []


def test_credit_that_waited_long_enough_is_paid_out_under_the_same_limit() -> None:
    no_notice()
    agree("redemption_limit", [1, 20])
    agree("credit_payout_days", 365)
    ana, pool = make_member("Ana", consents=False), bought_pool(100)
    earn_credit(ana, pool, 900, code="2019-05")
    earn_credit(ana, pool, 300, code=f"{timezone.localdate():%Y-%m}")
    with pytest.raises(CreditTooYoung):
        request_credit_payout(member=ana, pool=pool, amount=901, actor=None, key="a")
    request = request_credit_payout(member=ana, pool=pool, amount=900, actor=None, key="b")
    with pytest.raises(CreditQueued):
        request_credit_payout(member=ana, pool=pool, amount=1, actor=None, key="c")
    serve(pool)
    assert (served(request), payable(ana), equity_credit(ana, pool)) == ([500], 500, 700)
    serve(pool, at=next_month())
    assert (served(request), payable(ana), equity_credit(ana, pool)) == ([900], 900, 300)
    assert {p.kind for p in Payout.objects.all()} == {"credit"}
    assert all_wrong() == []


def test_credit_brings_what_backs_it_exactly() -> None:
    no_notice()
    all_of_it()
    agree("credit_payout_days", 0)
    pool = bought_pool(100)
    people = owners(pool, Ana=10)
    earn_credit(people["Ana"], pool, 1000, code="2019-05")
    # Assets 10 000, growth fund 2 000, operating cash 1 000, less credit 1 000.
    lose(8_667)
    assert queries.quote(pool).price.part == (3333, 10_000)
    request = request_credit_payout(
        member=people["Ana"], pool=pool, amount=1000, actor=None, key="a"
    )
    serve(pool)
    assert served(request) == [1000]
    assert payable(people["Ana"]) == 333
    assert balance("EUR", "capital_reserve", "pool/backbone") == -667
    assert all_wrong() == []


def test_credit_that_became_shares_meanwhile_is_not_waited_for() -> None:
    no_notice()
    all_of_it()
    agree("credit_payout_days", 0)
    ana, pool = make_member("Ana"), bought_pool(100)
    earn_credit(ana, pool, 1000, code="2019-05")
    credit = request_credit_payout(member=ana, pool=pool, amount=1000, actor=None, key="a")
    with transaction.atomic():
        convert_credit(pool=pool, period_code="2019-05", actor=None, key="close")
    parts = ask(ana, pool, 2)
    serve(pool)
    credit.refresh_from_db()
    assert (credit.state, credit.served, served(parts)) == (State.WITHDRAWN, 0, [2])
    assert all_wrong() == []


def test_the_forecast_says_in_which_month_a_request_is_whole() -> None:
    no_notice()
    agree("redemption_limit", [1, 10])
    pool = bought_pool(100)
    people = owners(pool, Ana=50, Ben=20)
    with time_machine.travel("2026-11-22T12:00:00+01:00"):
        first, second = ask(people["Ana"], pool, 25), ask(people["Ben"], pool, 6)
        now = timezone.now()
        assert queries.place_of(first, now).month == date(2027, 1, 1)
        place = queries.place_of(second, now)
        assert (place.number, place.ahead) == (2, 25)
        assert place.month == date(2027, 2, 1)


def test_a_run_needs_nothing_to_wait_and_says_what_it_knew() -> None:
    pool = make_pool(treasury=100)
    run = serve_queue(pool=pool, at=timezone.now(), actor=None, key="empty")
    assert run.redemptions.count() == 0
    assert run.derivation["assets"] == 10_000
    assert run.derivation["limit"] == 500


def test_the_forecast_says_so_where_the_growth_fund_is_short() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = make_member("Ana")
    issue_founding_units(member=ana, pool=pool, units=20, actor=None, key="ana", from_treasury=True)
    place = queries.place_of(ask(ana, pool, 20), timezone.now())
    assert (place.covered, place.month) == (False, None)
    serve(pool)
    assert units_of(ana, pool) == 20
