"""Every action that was added: what its dry run says is what it does, once, and is found again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset, Disposal
from assets.services import end_asset
from governance.models import Execution, Proposal
from governance.services import execute
from ledger.models import Entry, Transaction
from members.models import BylawsVersion, MemberEvent, Role
from members.queries import bylaws_in_force
from members.services import change_state, grant_role
from policies.queries import policy
from tests.governance.actions.deeds import done, make_ready_town, voted
from tests.governance.votes import POOL, Town, broken
from tests.makers import earn_credit

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State
TEXT = "We own it together.\nNobody is charged for being asked."
Payload = dict[str, Any]


def said(proposal: Proposal) -> dict[str, Any]:
    """The dry run at notice."""
    assert proposal.preview is not None
    return dict(proposal.preview)


def issue_price(town: Town) -> Payload:
    return {"pool": POOL, "price": 125}


def close_purchases(town: Town) -> Payload:
    return {"pool": POOL}


def open_purchases(town: Town) -> Payload:
    done(town, "close_subscriptions", {"pool": POOL})
    return {"pool": POOL}


def price_rule(town: Town) -> Payload:
    return {"pool": POOL, "rule": "cost_plus", "part": [1, 4], "least": 0}


def retire(town: Town) -> Payload:
    mast = Asset.objects.get(pool=town.pool)
    return {"asset": mast.pk, "to": "sold", "proceeds": 2_500, "reason": "The hill is for sale."}


def bylaws(town: Town) -> Payload:
    return {"version": "2027-01", "text": TEXT, "from": ""}


def treasurer(town: Town) -> Payload:
    until = (timezone.localdate() + timedelta(days=365)).isoformat()
    return {"member": town.members["ben"].pk, "office": "treasurer", "until": until}


def no_treasurer(town: Town) -> Payload:
    ben = town.members["ben"]
    assert ben.user is not None
    grant_role(user=ben.user, name="treasurer", actor=None, source="founding")
    return {"member": ben.pk, "office": "treasurer"}


def lift(town: Town) -> Payload:
    ben = town.members["ben"]
    change_state(member_id=ben.pk, to="suspended", reason="suspension", actor=None, text="Why.")
    return {"member": ben.pk, "reason": "It was a misunderstanding."}


PAYLOADS: dict[str, Callable[[Town], Payload]] = {
    "set_issue_price": issue_price,
    "close_subscriptions": close_purchases,
    "open_subscriptions": open_purchases,
    "set_price_rule": price_rule,
    "retire_asset": retire,
    "change_bylaws": bylaws,
    "grant_office": treasurer,
    "end_office": no_treasurer,
    "lift_suspension": lift,
}
UNDONE_BY = {
    "set_issue_price": "set_issue_price",
    "close_subscriptions": "open_subscriptions",
    "open_subscriptions": "close_subscriptions",
    "set_price_rule": "set_price_rule",
    "retire_asset": None,
    "change_bylaws": "change_bylaws",
    "grant_office": "end_office",
    "end_office": "grant_office",
    "lift_suspension": "suspend_member",
}


@pytest.mark.parametrize("action", PAYLOADS)
def test_it_is_carried_out_once_and_its_opposite_is_offered(action: str) -> None:
    town = make_ready_town()
    payload = PAYLOADS[action](town)
    proposal = done(town, action, payload)
    assert (proposal.state, proposal.execution.refusal) == (State.EXECUTED, "")
    booked = Transaction.objects.count()
    assert execute(proposal_id=proposal.pk, actor=town.steward).state == State.EXECUTED
    assert (Execution.objects.filter(proposal=proposal).count(), booked) == (
        1,
        Transaction.objects.count(),
    )
    assert broken() == []
    member = Client()
    member.force_login(town.steward)
    page = member.get(f"/decisions/{proposal.pk}/")
    assert page.status_code == 200
    assert Client().get(f"/decisions/{proposal.pk}/").status_code == 200
    undone_by = UNDONE_BY[action]
    assert ("opposite_of=" in page.text) == (undone_by is not None)
    if undone_by is not None:
        form = member.get(f"/decisions/new/{undone_by}/?opposite_of={proposal.pk}")
        assert form.status_code == 200


def test_a_price_of_a_share_holds_for_its_pool_and_not_before() -> None:
    town = make_ready_town()
    proposal = voted(town, "set_issue_price", issue_price(town))
    assert policy("issue_price", timezone.now(), POOL) == 100
    done_ = execute(proposal_id=proposal.pk, actor=None)
    assert policy("issue_price", timezone.now(), POOL) == 125
    assert policy("issue_price", timezone.now(), "another") == 100
    before = done_.execution.before
    assert (before["before"], before["after"], before["units"]) == (100, 125, 100)


def test_a_closed_pool_sells_nothing_until_a_vote_opens_it() -> None:
    town = make_ready_town()
    done(town, "close_subscriptions", {"pool": POOL})
    assert policy("subscriptions_open", timezone.now(), POOL) is False
    done(town, "open_subscriptions", {"pool": POOL})
    assert policy("subscriptions_open", timezone.now(), POOL) is True


def test_a_rule_for_prices_writes_its_fraction_and_shows_every_price() -> None:
    town = make_ready_town()
    proposal = done(town, "set_price_rule", price_rule(town))
    now = timezone.now()
    assert policy("price_rule", now, POOL) == "cost_plus"
    assert policy("price_markup", now, POOL) == [1, 4]
    assert [effect["key"] for effect in proposal.execution.effects] == [
        "price_rule",
        "price_markup",
    ]
    assert said(proposal)["before"] == "stewards"
    auction = {"pool": POOL, "rule": "last_auction", "part": [1, 5], "least": 5_000}
    done(town, "set_price_rule", auction)
    assert policy("price_min_volume", timezone.now(), POOL) == 5_000


def test_selling_an_asset_books_exactly_what_the_dry_run_showed() -> None:
    town = make_ready_town()
    proposal = voted(town, "retire_asset", retire(town))
    before = Transaction.objects.latest("pk").pk
    finished = execute(proposal_id=proposal.pk, actor=None)
    booked = Transaction.objects.filter(pk__gt=before)
    entries = Entry.objects.filter(txn__in=booked).values_list("account__kind", "amount")
    shown = [
        (move["account"], move["amount"])
        for posting in said(finished)["postings"]
        for move in posting["moves"]
    ]
    assert sorted(shown) == sorted(entries)
    assert sorted(shown) == [("asset_losses", 7_500), ("assets", -10_000), ("cash:reserve", 2_500)]
    gone = Disposal.objects.get(asset__pool=town.pool)
    assert (gone.proceeds, gone.asset.state, gone.txn_id) == (2_500, "sold", booked.get().pk)


def test_the_bylaws_that_were_voted_are_the_ones_in_force() -> None:
    town = make_ready_town()
    proposal = done(town, "change_bylaws", bylaws(town))
    row = BylawsVersion.objects.get(version="2027-01")
    assert (row.text, row.source) == (TEXT, f"proposal:{proposal.pk}")
    assert bylaws_in_force() == row
    marks = [line["is"] for line in said(proposal)["changes"]]
    assert marks.count("+") == 2
    assert "-" in marks
    form = Client()
    form.force_login(town.steward)
    page = form.get(f"/decisions/new/change_bylaws/?opposite_of={proposal.pk}").text
    assert proposal.execution.before["before_text"].splitlines()[0] in page


def test_a_vote_gives_and_ends_the_office_of_treasurer() -> None:
    town = make_ready_town()
    given = done(town, "grant_office", treasurer(town))
    role = Role.objects.get(name="treasurer")
    assert (role.user, role.source) == (town.members["ben"].user, f"proposal:{given.pk}")
    ended = done(town, "end_office", {"member": town.members["ben"].pk, "office": "treasurer"})
    role.refresh_from_db()
    assert role.ended_by == f"proposal:{ended.pk}"
    assert broken() == []


def test_a_suspension_is_lifted_with_the_reason_that_was_voted() -> None:
    town = make_ready_town()
    proposal = done(town, "lift_suspension", lift(town))
    event = MemberEvent.objects.filter(member=town.members["ben"]).latest("pk")
    assert (event.to_state, event.reason) == ("active", "reinstatement")
    assert (event.text, event.source) == ("It was a misunderstanding.", f"proposal:{proposal.pk}")


def test_what_holds_no_longer_at_execution_is_refused_and_nothing_changes() -> None:
    town = make_ready_town()
    mast = Asset.objects.get(pool=town.pool)
    proposal = voted(town, "retire_asset", retire(town))
    end_asset(
        asset_id=mast.pk, to=Asset.State.LOST, on=timezone.localdate(), reason="Burnt.", actor=None
    )
    booked = Transaction.objects.count()
    refused = execute(proposal_id=proposal.pk, actor=None)
    assert refused.state == State.REFUSED
    assert "lost" in refused.execution.refusal
    assert (refused.execution.effects, Transaction.objects.count()) == ([], booked)
    mast.refresh_from_db()
    assert mast.state == Asset.State.LOST
    lifted = voted(town, "lift_suspension", lift(town))
    change_state(member_id=town.members["ben"].pk, to="active", reason="reinstatement", actor=None)
    assert execute(proposal_id=lifted.pk, actor=None).state == State.REFUSED
    assert broken() == []


def test_a_bought_asset_shows_its_postings_and_can_be_proposed_away_again() -> None:
    town = make_ready_town()
    ana = town.members["ana"]
    earn_credit(ana, town.pool, 60_000, code="2026-01")
    facts = {
        "pool": POOL, "name": "Second mast", "kind": "mast", "cost": 40_000,
        "capacity": {}, "since": "2026-12-01", "campaign": 0,
    }  # fmt: skip
    proposal = done(town, "acquire_asset", facts)
    bought = Asset.objects.get(name="Second mast")
    kinds = [posting["kind"] for posting in said(proposal)["postings"]]
    assert kinds[0] == "asset placed"
    assert proposal.execution.effects[0]["txn"] == bought.txn_id
    member = Client()
    member.force_login(town.steward)
    page = member.get(f"/decisions/{proposal.pk}/").text
    assert "Asset placed in a pool" in page
    assert f"/decisions/new/retire_asset/?opposite_of={proposal.pk}" in page
    form = member.get(f"/decisions/new/retire_asset/?opposite_of={proposal.pk}").text
    assert f'value="{bought.pk}" selected' in form
    offered = member.get(f"/api/v1/decisions/{proposal.pk}/opposite/").json()
    assert (offered["action"], offered["payload"]["asset"]) == ("retire_asset", bought.pk)


def test_an_expulsion_is_undone_by_a_vote_that_its_page_offers() -> None:
    town = make_ready_town()
    ben = town.members["ben"]
    out = done(town, "expel_member", {"member": ben.pk, "reason": "Rude.", "appeal": ""})
    assert out.state == State.EXECUTED
    member = Client()
    member.force_login(town.steward)
    address = f"/decisions/new/lift_suspension/?opposite_of={out.pk}"
    assert address in member.get(f"/decisions/{out.pk}/").text
    assert f'value="{ben.number}"' in member.get(address).text
    back = done(town, "lift_suspension", {"member": ben.pk, "reason": "It was somebody else."})
    ben.refresh_from_db()
    assert (back.state, ben.state) == (State.EXECUTED, "active")
    assert MemberEvent.objects.filter(member=ben).latest("pk").reason == "appeal"
    assert broken() == []
