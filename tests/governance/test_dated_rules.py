"""Rules are dated: they hold from a day on, keep their history, and closed periods keep theirs."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.errors import BadPayload
from governance.models import Proposal
from governance.services import execute, open_ballot, propose, publish
from policies.models import PolicyValue
from policies.queries import history, policy
from policies.services import set_policy
from tests.governance.test_pages import as_member, text_of
from tests.governance.votes import Town, decide, make_town
from tests.valley import JULY, JUNE, SCOPE, make_valley
from tokens.models import Yield

pytestmark = pytest.mark.django_db(transaction=True)


def voted(town: Town, payload: dict[str, object]) -> Proposal:
    """A change of a rule that both chambers passed, ready to be carried out."""
    member = town.members["ana"]
    draft = propose(
        title="Days", text="More.", action="set_policy", payload=payload, member=member,
        actor=member.user,
    )  # fmt: skip
    publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=None)
    return decide(town, proposal, ana="for", ben="for")


def change(day: date | None, value: int = 30) -> dict[str, object]:
    rule: dict[str, object] = {"key": "payment_days", "scope": "", "value": value}
    return rule | ({"from": day.isoformat()} if day else {})


def test_a_rule_holds_from_the_day_that_the_decision_names() -> None:
    town = make_town()
    day = timezone.localdate() + timedelta(days=40)
    execute(proposal_id=voted(town, change(day)).pk, actor=None)
    row = history("payment_days", "").first()
    assert row is not None
    assert timezone.localtime(row.valid_from).date() == day
    assert policy("payment_days", timezone.now()) == 14
    assert policy("payment_days", row.valid_from) == 30
    assert policy("payment_days", row.valid_from - timedelta(microseconds=1)) == 14


def test_a_day_that_is_over_when_the_decision_is_carried_out_means_at_once() -> None:
    town = make_town()
    before = timezone.now()
    execute(proposal_id=voted(town, change(date(2020, 1, 1))).pk, actor=None)
    row = history("payment_days", "").first()
    assert row is not None
    assert before <= row.valid_from <= timezone.now()
    assert policy("payment_days", before) == 14


def test_what_is_no_day_is_no_proposal() -> None:
    town = make_town()
    with pytest.raises(BadPayload):
        voted(town, {"key": "payment_days", "scope": "", "value": 30, "from": "soon"})


def test_the_day_is_asked_for_on_the_form_and_shown_to_who_votes() -> None:
    town = make_town()
    ana = as_member(town)
    words = {"title": "Days", "text": "More.", "key": "r"}
    rule = {"parameter": "payment_days", "scope": "", "value": "30 days", "since": "2031-05-01"}
    made = ana.post("/decisions/new/set_policy/", words | rule)
    assert made.status_code == 303, made.content.decode()
    assert Proposal.objects.get().payload["from"] == "2031-05-01"
    shown = text_of(ana.get(made.headers["Location"]))
    assert "from 1 May 2031 on" in shown


def test_what_was_agreed_is_never_rewritten() -> None:
    make_town()
    row = set_policy(actor=None, key="payment_days", value=20, source="founding")
    for change_it in (
        lambda: PolicyValue.objects.filter(pk=row.pk).update(value=99),
        lambda: row.delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change_it()


def test_a_closed_period_keeps_its_own_price_whatever_is_agreed_later() -> None:
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    before = Yield.objects.filter(period=valley.period).values().get()
    set_policy(
        actor=None, key="posted_price", value=95_000_000, scope=SCOPE, valid_from=JUNE,
        source="founding",
    )  # fmt: skip
    valley.run("settle", "match", "charge", "expire", "convert")
    assert Yield.objects.filter(period=valley.period).values().get() == before
    assert policy("posted_price", JULY, SCOPE) == 95_000_000
