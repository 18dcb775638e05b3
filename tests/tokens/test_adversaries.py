"""Whoever tries to gain by the rules alone: each attempt yields nothing, or is refused.

The figures are those of docs/economics.md, "What cannot be gained, and why"; the arithmetic of
each stands beside it. A token costs 0.10 (u = v = w), P = 0.15, a share 1.00.
"""

from typing import Any

import pytest

from coop.invariants import all_broken
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from ledger.queries import balance
from members.services import link_members
from payments.models import Charge, ChargeLine
from policies.services import set_policy
from tests.model.scenarios import as_toml
from tests.tokens.adversary import (
    BANDWIDTH,
    lost,
    mast,
    mast_of,
    offered,
    owned,
    page,
    played,
    used,
)
from tests.valley import JULY, JUNE, Valley, make_valley, taken_back
from titles.errors import CarriedTooMuch
from titles.services import accept_payment, subscribe
from tokens.errors import BeyondCredit, BothSides
from tokens.models import Settlement, Yield
from tokens.services import (
    accept_gift,
    call_auction,
    clear_auction,
    give,
    offer_surplus,
    place_ask,
    place_bid,
    record_usage,
    run_step,
    write_off_debt,
)

pytestmark = pytest.mark.django_db

HOLDS = {"ana": 40, "ben": 0, "cara": 40}


# --- self-dealing between two accounts


def test_selling_to_oneself_under_another_name_saves_nothing() -> None:
    """Ana uses 40 herself: 4.00. Through Ben: 4.00 cost, 2.00 that are his own share; of the 40,
    40/60 come from her and 20/60 from the treasury: (40 - 26.667) * 0.10 = 1.33 more."""
    plain = played(mast({"usage": used(ana="40")}, holds=HOLDS, treasury=20))
    dealt = played(
        mast({"usage": used(ben="40"), "offers": offered(ana="40")}, holds=HOLDS, treasury=20)
    )
    assert lost(plain, "ana", "ben") == 400
    assert page(dealt, "ana")["sold"] == 26_667
    assert owned(dealt, "ben") == 200
    assert lost(dealt, "ana", "ben") == 400 + 133


def test_where_nobody_else_sells_it_costs_the_same() -> None:
    """With nothing of the treasury's left, all of Ben's 40 are Ana's: nought and 4.00 in place of
    4.00 and nought."""
    holds = {"ana": 60, "ben": 0, "cara": 40}
    plain = played(mast({"usage": used(ana="40")}, holds=holds))
    dealt = played(mast({"usage": used(ben="40"), "offers": offered(ana="40")}, holds=holds))
    assert (lost(plain, "ana", "ben"), lost(dealt, "ana", "ben")) == (600, 600)


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def link(valley: Valley, one: str, other: str) -> None:
    ids = {"member_id": valley.members[one].pk, "other_id": valley.members[other].pk}
    link_members(**ids, reason="one household", actor=None)


def offer_all(valley: Valley, name: str) -> None:
    offer_surplus(
        member=valley.members[name],
        pool=valley.pool,
        resource=valley.resource,
        amount=None,
        actor=None,
    )


def settled(valley: Valley, name: str) -> Settlement:
    return Settlement.objects.get(book__member=valley.members[name])


def test_linked_accounts_are_not_matched_at_the_close(valley: Valley) -> None:
    """Ben offers 300 and Chloe, linked with him, goes 120 over: the treasury sells all 120, and
    Ben bears his 300 * 0.50 himself."""
    link(valley, "ben", "chloe")
    offer_all(valley, "ben")
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    valley.run("settle", "match", "charge")
    assert settled(valley, "ben").sold == 0
    assert settled(valley, "ben").own_cost == 15_000
    assert Yield.objects.get().pool_sold == 120_000
    assert settled(valley, "chloe").cost_part + settled(valley, "chloe").profit == 9_600


# --- bidding against oneself


def auction(valley: Valley) -> dict[str, Any]:
    called = call_auction(pool=valley.pool, resource=valley.resource, key="a", actor=None)
    return {"auction_id": called.pk, "actor": None}


@pytest.mark.parametrize("linked", [False, True])
def test_nobody_stands_on_both_sides_of_an_auction(valley: Valley, linked: bool) -> None:
    seller, buyer = ("ana", "ben") if linked else ("ana", "ana")
    if linked:
        link(valley, "ana", "ben")
    members = valley.members
    first = auction(valley)
    place_ask(**first, member=members[seller], amount=1000)
    with pytest.raises(BothSides):
        place_bid(**first, member=members[buyer], price=90_000_000, amount=1000)
    place_bid(**first, member=members["chloe"], price=90_000_000, amount=1000)
    link(valley, "ana", "chloe")
    clear_auction(**first)
    assert balance("EUR", "provisional_receivable", f"member/{members['chloe'].pk}") == 0


def test_a_straw_bid_sets_nobody_elses_price() -> None:
    """Cara bids 0.20 for 10. Ben, a straw, bids 0.90 for 10 more, to drive the price up: Cara pays
    0.20 either way. Ana gets rid of cost, 0.10 a token, whatever the bids; Ben's 0.80 above cost
    is 8.00 of his own, and his 1.00 of cost is 1.00 that Ana is spared."""
    bids = [{"member": "cara", "price": "20", "tokens": "10"}]
    straw = [*bids, {"member": "ben", "price": "90", "tokens": "10"}]
    calm, pushed = (
        played(
            mast(
                {
                    "auctions": [
                        {**BANDWIDTH, "asks": [{"member": "ana", "tokens": "20"}], "bids": b}
                    ]
                },
                holds={"ana": 100, "ben": 0, "cara": 0},
            )
        )
        for b in (bids, straw)
    )
    for told in (calm, pushed):
        assert page(told, "cara")["cost_charged"] + page(told, "cara")["profit_charged"] == 200
    assert page(calm, "ana")["cost_charged"] == 900
    assert page(pushed, "ana")["cost_charged"] == 800
    assert lost(calm, "ana", "ben") == lost(pushed, "ana", "ben") == 900


def last_auction_decides(valley: Valley) -> None:
    rules = {"price_rule": "last_auction", "price_min_volume": 10_000, "price_max_change": [1, 10]}
    for key, value in rules.items():
        set_policy(actor=None, key=key, value=value, valid_from=JUNE, source="founding")


@pytest.mark.parametrize(
    ("traded", "price"), [(1_000, 80_000_000), (20_000, 88_000_000)], ids=["straw", "real"]
)
def test_a_straw_trade_does_not_set_the_next_price(valley: Valley, traded: int, price: int) -> None:
    """One token for 9.00, where at least 10 must be traded: P stays 0.80. Twenty of them move it by
    a tenth, to 0.88, not to 9.00."""
    last_auction_decides(valley)
    now = auction(valley)
    place_ask(**now, member=valley.members["ana"], amount=traded)
    place_bid(**now, member=valley.members["chloe"], price=900_000_000, amount=traded)
    clear_auction(**now)
    valley.close()
    july = valley.open_july()
    assert Yield.objects.get(period=july).price == price


# --- splitting


def test_splitting_use_over_many_accounts_gains_less_than_a_cent_each() -> None:
    """Twenty accounts use 0.049 each: 0.49 of a cent of cost and 0.245 of profit: nothing. One
    account with all 0.98 pays 10 and 5. What is gained, 15, is below half a cent for each of 20
    accounts and 2 parts; whoever splits the wrong way loses as much: 0.051 is 1 cent each."""
    straws = [f"straw{number:02}" for number in range(20)]
    holds = {"ana": 100, **dict.fromkeys(straws, 0)}
    whole = played(mast({"usage": used(straw00="0.98")}, holds=holds))
    parts = played(mast({"usage": used(**dict.fromkeys(straws, "0.049"))}, holds=holds))
    wrong = played(mast({"usage": used(**dict.fromkeys(straws, "0.051"))}, holds=holds))
    assert sum(page(whole, "straw00")[part] for part in ("cost_charged", "profit_charged")) == 15
    assert sum(page(parts, name).get("cost_charged", 0) for name in straws) == 0
    assert sum(page(parts, name).get("profit_charged", 0) for name in straws) == 0
    assert 15 <= 20 * 2 / 2
    assert sum(page(wrong, name).get("cost_charged", 0) for name in straws) == 20


def test_dust_thousands_of_times_is_one_amount(valley: Valley) -> None:
    """Three thousand times 0.001 are 3 tokens: 1.50 and 0.90, as if used at once."""
    for batch in range(6):
        keys = [f"{batch}/{n}" for n in range(500)]
        record_usage(rows=[valley.use("chloe", 1, key) for key in keys], actor=None)
    chloe = valley.members["chloe"].pk
    assert balance("EUR", "provisional_receivable", f"member/{chloe}") == 240
    valley.run("settle", "match", "charge")
    row = settled(valley, "chloe")
    assert (row.overage, row.cost_part, row.profit) == (3_000, 150, 90)


def test_no_line_of_any_charge_is_more_than_half_a_cent_off() -> None:
    """Economics, section 11, point 9: by member, resource, rate, period and part."""
    prices = ["15", "17.3", "23.000001"]
    bids = [{"member": "ben", "price": price, "tokens": "3.333"} for price in prices]
    month = {
        "auctions": [{**BANDWIDTH, "asks": [{"member": "ana", "tokens": "9.1"}], "bids": bids}],
        "offers": offered(ana="7.77", cara="3.21"),
        "usage": used(ana="31.007", ben="29.113", cara="40.019"),
        "actual_cost": {"mast": {"bandwidth": 1_117}},
    }
    scenario = mast(month, holds=HOLDS, treasury=20, cost={"bandwidth": 1_031})
    with taken_back():
        play(parse(as_toml(scenario)))
        lines = list(ChargeLine.objects.all())
    assert len(lines) == 7
    for line in lines:
        assert abs(line.cost * 10**9 - line.quantity * line.cost_rate) * 2 <= 10**9
        above = line.quantity * (line.rate - line.cost_rate)
        assert abs(line.profit * 10**9 - above) * 2 <= 10**9


# --- offers and gifts


def test_offering_what_one_then_uses_sells_only_what_is_left() -> None:
    """Ana offers all 40 and uses 30: she can sell 10, as if she had offered 10."""
    bold, meek = (
        played(
            mast(
                {"usage": used(ana="30", ben="25"), "offers": offered(ana=tokens)},
                holds=HOLDS,
                treasury=20,
            )
        )
        for tokens in ("40", "10")
    )
    assert bold == meek
    assert page(bold, "ana")["sold"] == 8_333


def test_a_gift_leaves_its_cost_with_the_giver() -> None:
    """Ana gives Ben her 40 tokens, who owns nothing and will pay nothing: she owes 4.00 all the
    same, and he cannot sell them; his offer sells nothing."""
    given = [{**BANDWIDTH, "from": "ana", "to": "ben", "tokens": "40"}]
    month = {"give": given, "offers": offered(ben="40"), "usage": used(cara="50")}
    told = played(mast(month, holds=HOLDS, treasury=20))
    assert page(told, "ana")["cost_charged"] == 400
    assert page(told, "ben").get("sold", 0) == page(told, "ben").get("cost_charged", 0) == 0
    assert page(told, "ben")["expired"] == 40_000


def test_a_gift_after_the_use_saves_what_would_have_expired_and_no_more(valley: Valley) -> None:
    """Chloe goes 120 over: 60.00 and 36.00. Ana then gives her 50: Ana's 500 * 0.50 stay; Chloe
    owes 70 * 0.80 = 56.00. What the two save, 50 * 0.80, is use of what Ana pays for anyway."""
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    gift = give(
        giver=valley.members["ana"],
        receiver=valley.members["chloe"],
        pool=valley.pool,
        resource=valley.resource,
        amount=50_000,
        actor=None,
        key="g",
    )
    accept_gift(gift_id=gift.pk, actor=None)
    valley.run("settle", "match", "charge")
    assert settled(valley, "ana").own_cost == 25_000
    chloe = settled(valley, "chloe")
    assert (chloe.cost_part, chloe.profit) == (3_500, 2_100)


# --- buying in


def test_buying_just_before_the_issue_takes_nothing_from_anybody() -> None:
    """Ben buys the treasury's 20 the day before: 20 tokens, and their 2.00 of cost. Ana's and
    Cara's tokens and bills are what they were; the vacancy is 2.00 smaller."""
    calm = played(mast({}, holds=HOLDS, treasury=20))
    buying = {"buy": [{"member": "ben", "pool": "mast", "units": 20}]}
    bought = played(mast(buying, holds=HOLDS, treasury=20))
    for name in ("ana", "cara"):
        assert page(calm, name) == page(bought, name)
    assert page(bought, "ben")["cost_charged"] == 200
    assert mast_of(calm)["vacancy"] - mast_of(bought)["vacancy"] == 200


def test_what_others_overpaid_is_not_for_sale(valley: Valley) -> None:
    """June is budgeted at 500.00 and costs 200.00. The owners of 800 paid 400.00, the vacancy is
    200 * 0.20: 240.00 too much. Whoever bought the treasury's 200 of 1000 shares now would be
    spared a fifth of that, 48.00, in July. The pool is closed to purchases."""
    set_policy(actor=None, key="carried_band", value=[1, 4], valid_from=JUNE, source="founding")
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(
            period_id=valley.period.pk,
            step=step,
            actor=None,
            at=JULY,
            actual={("backbone", "bandwidth"): 20_000},
        )
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == -24_000
    with pytest.raises(CarriedTooMuch):
        subscribe(
            member=valley.members["chloe"], pool=valley.pool, count=200, actor=None, key="now"
        )


# --- the sole owner, the budget


def test_a_sole_owner_does_not_refund_himself() -> None:
    """Ana owns all 100 tokens and uses 130: 10.00, and 3.00 and 1.50 for 30 that nobody has. The
    3.00 go to the replacement reserve: July costs 0.10 a token again, not 0.07."""
    told = played(mast({"usage": used(ana="130")}, {}, holds={"ana": 100}))
    assert page(told, "ana")["cost_charged"] == 1_300
    assert mast_of(told)["to_reserve"] == told["final"]["reserve"]["mast"] == 300
    assert mast_of(told, 1)["unit_cost"] == 10_000_000


@pytest.mark.parametrize("budget", [2000, 1000, 400], ids=["padded", "true", "starved"])
def test_neither_a_padded_nor_a_starved_budget_moves_what_is_above_cost(budget: int) -> None:
    """Whatever was planned, Ben's 10 at P = 0.25 are settled at what the month did cost, 0.10 a
    token: 1.00 of cost and 1.50 above it, not 2.00 and 0.50, nor 0.40 and 2.10."""
    month = {"usage": used(ben="10"), "actual_cost": {"mast": {"bandwidth": 1000}}}
    pool = {"cost": {"bandwidth": budget}, "posted_price": {"bandwidth": "25"}}
    told = played(mast(month, holds=HOLDS, treasury=20, **pool))
    assert (page(told, "ben")["cost_charged"], page(told, "ben")["profit_charged"]) == (100, 150)


def test_what_remains_a_padded_budget_is_advanced_by_those_who_do_not_sell() -> None:
    """Ana and Cara hold 50 each. 20.00 are budgeted for June, 10.00 are the bills; July is budgeted
    truly. Plain: 10.00 each in June, nothing in July. With Ana's 50 used by Ben, a straw, and sold
    to him: Ben 5.00 (and 7.50 of his own), and July costs each 2.50. So Ana saves 2.50 of 10.00,
    and Cara pays them: as much as the padding times Ana's half times Cara's half."""
    holds = {"ana": 50, "ben": 0, "cara": 50}
    truly = {"cost": {"mast": {"bandwidth": 1000}}}
    pool: dict[str, Any] = {"cost": {"bandwidth": 2000}, "posted_price": {"bandwidth": "25"}}
    bills = {"actual_cost": {"mast": {"bandwidth": 1000}}}
    june = {"usage": used(ana="50"), **bills}
    straw = {"usage": used(ben="50"), "offers": offered(ana="50"), **bills}
    plain = played(mast(june, truly, holds=holds, **pool))
    dealt = played(mast(straw, truly, holds=holds, **pool))
    assert (lost(plain, "ana", "ben"), lost(plain, "cara")) == (1000, 1000)
    assert (lost(dealt, "ana", "ben"), lost(dealt, "cara")) == (750, 1250)


# --- credit


def test_a_whale_does_not_overtake_who_waited() -> None:
    """Ben's 3.00 of June wait, as there is no share. In July Cara pays 60.00 above cost, and in
    August four shares come: three are Ben's; by 3 : 60 he would have had none of four."""
    june = {"usage": used(ben="60")}
    july = {"usage": used(cara="1200")}
    august = {"acquire": [{"pool": "mast", "cost": 400}]}
    told = played(mast(june, july, august, holds={"ana": 100, "ben": 0, "cara": 0}))
    members = told["periods"][2]["pools"]["mast"]["members"]
    assert owned(told, "ben") == 300
    assert (members["ben"]["units_converted"], members["cara"]["units_converted"]) == (3, 1)


def limited(cents: int) -> None:
    set_policy(actor=None, key="credit_limit", value=cents, valid_from=JUNE, source="founding")


def test_a_straw_cannot_bid_beyond_its_credit(valley: Valley) -> None:
    limited(1_000)
    now = auction(valley)
    with pytest.raises(BeyondCredit):
        place_bid(**now, member=valley.members["chloe"], price=90_000_000, amount=12_000)


def test_use_beyond_the_credit_limit_spares_nobody_a_cost(valley: Valley) -> None:
    """Chloe may owe 10.00 and uses 120 for 96.00: 12.5 of them are within the limit. Ben, whose
    straw she is, sells his part of those 12.5 and not of the 120."""
    limited(1_000)
    offer_all(valley, "ben")
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    valley.run("settle", "match", "charge")
    assert Yield.objects.get().matched == 12_500
    assert settled(valley, "ben").sold == 7_500


def written_off(valley: Valley) -> None:
    """Ana and Ben pay June, Chloe never does."""
    valley.run("settle", "match", "charge")
    chloe = valley.members["chloe"]
    for charge in Charge.objects.exclude(member=chloe):
        accept_payment(
            reference=charge.reference,
            amount=charge.amount,
            received_on=charge.created_at.date(),
            actor=None,
            key=charge.reference,
        )
    valley.run("expire", "convert")
    owed = Charge.objects.get(member=chloe)
    write_off_debt(charge_id=owed.pk, actor=None, source="proposal:1")
    first = Charge.objects.count()
    write_off_debt(charge_id=owed.pk, actor=None, source="proposal:1")
    assert Charge.objects.count() == first


def owes(valley: Valley, name: str) -> list[tuple[int, int]]:
    """What a member is asked for again: (millitokens, cents) by line."""
    open_lines = ChargeLine.objects.filter(
        charge__member=valley.members[name], charge__state=Charge.State.OPEN
    )
    return list(open_lines.values_list("quantity", "cost"))


def test_what_a_straw_never_pays_comes_back_to_its_sellers(valley: Valley) -> None:
    """The worked period, and Chloe pays nothing. Of her 60.00 of cost Ben, who sold 47.273,
    gets 23.64 back: 126.36 + 23.64 = 150.00, as if he had sold nothing. 36.36 are vacancy, and
    nothing is left for those who sold nothing."""
    valley.used_as_in_the_worked_period()
    written_off(valley)
    assert owes(valley, "ben") == [(47_273, 2_364)]
    assert owes(valley, "ana") == owes(valley, "chloe") == []
    assert balance("EUR", "vacancy", "pool/backbone") == 6_364 + 3_636
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == 0
    assert all_broken() == []


def test_what_was_sold_at_auction_comes_back_to_those_who_asked(valley: Valley) -> None:
    """Chloe buys 20 of Ana's at 0.90 and goes 10 over at 0.80; of those 10 Ben's 300 and the
    treasury's 200 back 6 and 4. Ana 20 * 0.50 = 10.00, Ben 3.00, vacancy 2.00 more."""
    now = auction(valley)
    place_ask(**now, member=valley.members["ana"], amount=20_000)
    place_bid(**now, member=valley.members["chloe"], price=90_000_000, amount=20_000)
    clear_auction(**now)
    offer_all(valley, "ben")
    record_usage(rows=[valley.use("chloe", 30_000, "c")], actor=None)
    written_off(valley)
    assert owes(valley, "ana") == [(20_000, 1_000)]
    assert owes(valley, "ben") == [(6_000, 300)]
    assert balance("EUR", "vacancy", "pool/backbone") == 19_600 // 2 + 200
    assert all_broken() == []


def test_what_nobody_sold_stays_with_the_pool(valley: Valley) -> None:
    """Chloe goes 240 over and nobody offers: the treasury sells 200, 40 are nobody's. 100.00 are
    vacancy again; 20.00, which went to the reserve, are a cost that the next budget bears."""
    record_usage(rows=[valley.use("chloe", 240_000, "c")], actor=None)
    written_off(valley)
    assert balance("EUR", "vacancy", "pool/backbone") == 10_000
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == 2_000
    assert all_broken() == []


def test_credit_needs_money_not_a_charge(valley: Valley) -> None:
    """Chloe owes 36.00 above cost and does not pay: no credit, no share, at this close or any."""
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    valley.run("settle", "match", "charge", "expire", "convert")
    chloe = valley.members["chloe"].pk
    assert balance("unit:backbone", "holding", f"member/{chloe}") == 0
    assert balance("EUR", "cash:growth", "pool/backbone") == 0
    assert all_broken() == []
