"""Values of policy as people write them: what is shown is what is accepted."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from coop.amounts import rate_text
from governance import notation
from governance.actions import action_named
from governance.models import Proposal
from governance.services import execute
from governance.standing import EARLIER, LATER, NEVER, NOW, standing
from members.models import User
from members.services import enrol_member
from payments.forms import microcents_from
from policies.registry import PARAMETERS
from tests.governance.test_pages import FORM, as_member, text_of
from tests.governance.votes import (
    NEW_PRICE,
    OLD_PRICE,
    decide,
    make_town,
    open_motion,
)
from tests.makers import agree, make_user
from tests.valley import make_valley
from tokens.services import open_period

VALUES: list[tuple[str, Any, str]] = [
    ("issue_price", 150, "1.50"),
    ("issue_price", 10**12, "10000000000.00"),
    ("holding_cap", [1, 3], "1/3"),
    ("purchase_minimum", 5, "5"),
    ("subscriptions_open", False, "no"),
    ("subscriptions_open", True, "yes"),
    ("vesting", "on_acquisition", "when something is acquired"),
    ("posted_price", 80_000_000, "0.80"),
    ("posted_price", 1, "0.00000001"),
    ("bid_minimum", 1000, "1000"),
    ("price_rule", "cost_plus", "cost and a fraction of it"),
    ("price_markup", [3, 2], "3/2"),
    ("price_max_change", [1, 10], "1/10"),
    ("payment_days", 14, "14 days"),
    ("payment_days", 0, "0 days"),
    ("notice_seconds", 0, "none"),
    ("voting_seconds", 45, "45 seconds"),
    ("voting_seconds", 5400, "90 minutes"),
    ("expiry_seconds", 86_400, "1 day"),
    ("support", [1, 2, True], "more than half"),
    ("support", [2, 3, True], "more than 2/3"),
    ("approval_quorum", [1, 5, False], "at least 1/5"),
]
UNREADABLE = [
    ("issue_price", "1e3"),
    ("issue_price", "-1"),
    ("issue_price", "1.505"),
    ("posted_price", "0.000000001"),
    ("subscriptions_open", "maybe"),
    ("payment_days", "5 hours"),
    ("voting_seconds", "45"),
    ("voting_seconds", "7 moons"),
    ("holding_cap", "half"),
    ("support", "[1, 2, true]"),
    ("support", "1/2"),
    ("vesting", "never"),
    ("purchase_minimum", "five"),
    ("purchase_minimum", "9" * 40),
]


@pytest.mark.parametrize(("key", "value", "text"), VALUES)
def test_what_is_shown_is_accepted_in_every_language(key: str, value: Any, text: str) -> None:
    parameter = PARAMETERS[key]
    with override("en"):
        assert notation.write(parameter, value) == text
        assert notation.read(parameter, f"  {text.upper()} ") == value
    with override("de"):
        assert notation.read(parameter, notation.write(parameter, value)) == value
        assert notation.read(parameter, text) == value


def test_money_is_read_with_its_sign_and_with_a_comma() -> None:
    assert notation.read(PARAMETERS["issue_price"], "€1,50") == 150
    assert notation.read(PARAMETERS["issue_price"], "1.5 €") == 150


@pytest.mark.parametrize(("key", "text"), UNREADABLE)
def test_other_texts_are_refused(key: str, text: str) -> None:
    with pytest.raises(notation.Unreadable):
        notation.read(PARAMETERS[key], text)


@pytest.mark.parametrize("text", ["1e3", "1e-3", "-1", "+1", "0.123456789", "", "NaN", "٣", "1 0"])
def test_a_price_is_plain_digits_with_up_to_eight_decimals(text: str) -> None:
    with pytest.raises(ValidationError):
        microcents_from(text)


def test_a_price_is_whole_micro_cents() -> None:
    assert [microcents_from(t) for t in ("0.8", "0,80", "3", "0.00000001")] == [
        80_000_000,
        80_000_000,
        300_000_000,
        1,
    ]


# On pages ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("key", "typed", "says"),
    [
        ("voting_seconds", "9000 days", "from 10 to 63072000 seconds"),
        ("support", "more than 1/1", "can never be reached"),
        ("payment_days", "soon", "“14 days”"),
        ("issue_price", "1e3", "“1.00”"),
    ],
)
def test_a_refused_value_is_told_with_notation_and_bounds(key: str, typed: str, says: str) -> None:
    rule = {"parameter": key, "scope": "", "value": typed, "title": "T", "text": "t", "key": "k"}
    answer = as_member(make_town()).post("/decisions/new/set_policy/", rule)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert f'value="{typed}"' in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_form_shows_each_rule_with_its_value_of_today_as_it_is_typed() -> None:
    page = text_of(as_member(make_town()).get("/decisions/new/set_policy/"))
    assert "voting time (today: 1 hour)" in page
    assert "support needed (today: more than half)" in page
    assert "open for purchases (today: yes)" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("price", ["1e3", "0.123456789", "10000001"])
def test_a_price_beyond_micro_cents_or_bounds_is_refused(price: str) -> None:
    answer = as_member(make_town()).post(
        "/decisions/new/set_posted_price/", FORM | {"price": price}
    )
    assert answer.status_code == 422
    assert f'value="{price}"' in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_price_below_cost_says_what_will_be_charged() -> None:
    valley = make_valley()
    payload = {"pool": valley.pool.code, "resource": valley.resource.code, "price": 10_000_000}
    dora = Client()
    dora.force_login(newcomer())
    effect = action_named("set_posted_price").dry_run(payload)
    assert effect["charged"] > effect["after"]
    cost = rate_text(effect["charged"])
    made = dora.post(
        "/decisions/new/set_posted_price/",
        FORM | {"yields": f"{valley.pool.code}:{valley.resource.code}", "price": "0.10"},
    )
    shown = text_of(dora.get(made.headers["Location"]))
    assert f"never below the cost. As things stand that is {cost}, not €0.10." in shown
    dear = action_named("set_posted_price").dry_run(payload | {"price": 90_000_000})
    assert dear["charged"] == dear["after"]


def newcomer() -> User:
    """A member's user in whatever cooperative stands."""
    user = make_user()
    enrol_member(name="Dora", actor=None, user=user)
    return user


# What holds when -----------------------------------------------------------------------------


def price_lines() -> list[tuple[Any, str]]:
    return [(line.row.value, line.state) for line in standing()["posted_price"]]


@pytest.mark.django_db(transaction=True)
def test_a_price_voted_in_a_running_period_holds_from_the_next_and_the_page_says_so() -> None:
    town = make_town()
    now = timezone.now()
    end = now.replace(year=now.year + 1)
    open_period(start=now, end=end, code="now", actor=None)
    first = decide(town, open_motion(town), ana="for", ben="for")
    execute(proposal_id=first.pk, actor=None)
    assert price_lines() == [(NEW_PRICE, LATER), (OLD_PRICE, NOW)]
    page = text_of(Client().get(f"/decisions/{first.pk}/"))
    assert "New value €0.90 Holds not yet from" in page
    assert str(end.year) in page.partition("Holds not yet from")[2][:30]
    second = decide(town, open_motion(town, price=95_000_000), ana="for", ben="for")
    execute(proposal_id=second.pk, actor=None)
    assert price_lines() == [(95_000_000, LATER), (NEW_PRICE, NEVER), (OLD_PRICE, NOW)]
    rules = text_of(Client().get("/decisions/rules/"))
    assert "replaced before it held" in rules
    assert rules.count("not yet from") == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_values_of_a_rule_only_one_holds_now() -> None:
    make_town()
    agree("payment_days", 14)
    agree("payment_days", 21)
    states = [(line.row.value, line.state) for line in standing()["payment_days"]]
    assert states == [(21, NOW), (14, EARLIER)]
