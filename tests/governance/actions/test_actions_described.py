"""What every action says of itself, what its form reads and writes, what it refuses."""

from typing import Any

import pytest
from django.test import Client

from assets.models import Asset
from governance.action_forms.filling import form_values
from governance.actions import ACTIONS
from governance.actions.parameters import HOW_WE_DECIDE
from governance.errors import BadPayload, ElectedOffice, NothingToChange, OwnAction
from governance.proposing import PROPOSAL_FORMS
from ledger.errors import DomainError
from ledger.models import Transaction
from members.errors import BylawsExist, RoleNotHeld, StateRefused
from members.models import Member
from members.services import change_state, ensure_bylaws
from policies.models import PolicyValue
from policies.registry import PARAMETERS
from tests.governance.votes import POOL, RESOURCE, Town, make_town
from titles.errors import NotAMember

pytestmark = pytest.mark.django_db
AREAS = {"prices", "assets", "members", "nodes", "rules", "people", "other"}
WORDS = {"title": "As we said", "text": "Because.", "key": "k1"}
Payload = dict[str, Any]


@pytest.fixture
def town() -> Town:
    return make_town()


def suspended(town: Town) -> Member:
    ben = town.members["ben"]
    change_state(member_id=ben.pk, to="suspended", reason="suspension", actor=None, text="Why.")
    return ben


def payloads(town: Town) -> dict[str, Payload]:
    """One payload of each action that its form can write."""
    ben, mast = town.members["ben"], Asset.objects.get(pool=town.pool)
    return {
        "set_posted_price": {"pool": POOL, "resource": RESOURCE, "price": 123_456_789},
        "set_price_rule": {"pool": POOL, "rule": "last_auction", "part": [1, 7], "least": 1_500},
        "set_issue_price": {"pool": POOL, "price": 12_345},
        "open_subscriptions": {"pool": POOL},
        "close_subscriptions": {"pool": POOL},
        "approve_budget": {
            "pool": POOL, "resource": RESOURCE, "amount": 4_205, "from": "2027-01-01",
        },
        "set_policy": {"key": "holding_cap", "scope": POOL, "value": [1, 3]},
        "change_bylaws": {"version": "2027-02", "text": "One.\nTwo.", "from": "2027-02-01"},
        "retire_asset": {
            "asset": mast.pk, "to": "sold", "proceeds": 4_205, "reason": "The hill is sold.",
        },
        "suspend_member": {"member": ben.pk, "reason": "Sold readings.", "appeal": "Write to us."},
        "lift_suspension": {"member": ben.pk, "reason": "All is well."},
        "expel_member": {"member": ben.pk, "reason": "Sold readings.", "appeal": ""},
        "grant_office": {"member": ben.pk, "office": "treasurer", "until": "2030-12-31"},
        "end_office": {"member": ben.pk, "office": "treasurer"},
    }  # fmt: skip


def test_every_action_names_its_field_its_undoing_and_its_form() -> None:
    for key, action in ACTIONS.items():
        assert action.key == key
        assert action.area in AREAS, key
        assert (action.undone_by or key) in ACTIONS, key
        assert action.title
        assert action.about
    assert ACTIONS["change_bylaws"].special
    assert ACTIONS["lift_suspension"].protects_usage_right
    assert ACTIONS["change_bylaws"].governs({})
    assert set(PARAMETERS) >= HOW_WE_DECIDE
    assert ACTIONS["set_policy"].governs({"key": "offices_by_vote"})
    assert not ACTIONS["set_policy"].governs({"key": "holding_cap"})
    assert set(PROPOSAL_FORMS) == {key for key in ACTIONS if not key.startswith("recall_")}


def test_a_payload_fills_the_form_that_writes_it_again(town: Town) -> None:
    for key, payload in payloads(town).items():
        assert ACTIONS[key].read(payload) == payload
        form = PROPOSAL_FORMS[key](WORDS | {"pool": POOL} | form_values(key, payload))
        assert form.is_valid(), (key, form.errors)
        assert form.payload() == payload, key


@pytest.mark.parametrize(
    ("key", "payload", "error"),
    [
        ("set_issue_price", {"pool": "nowhere", "price": 5}, BadPayload),
        ("set_issue_price", {"pool": POOL, "price": 0}, BadPayload),
        ("set_issue_price", {"pool": POOL, "price": 100}, NothingToChange),
        ("open_subscriptions", {"pool": POOL}, NothingToChange),
        ("close_subscriptions", {"pool": "nowhere"}, BadPayload),
        ("set_price_rule", {"pool": POOL, "rule": "dice", "part": [0, 1], "least": 0}, BadPayload),
        (
            "set_price_rule",
            {"pool": POOL, "rule": "stewards", "part": [3, 2], "least": 0},
            BadPayload,
        ),
        (
            "set_price_rule",
            {"pool": POOL, "rule": "cost_plus", "part": [1, 2], "least": 9},
            BadPayload,
        ),
        ("set_policy", {"key": "issue_price", "scope": POOL, "value": 5}, OwnAction),
        ("set_policy", {"key": "posted_price", "scope": "", "value": 5}, BadPayload),
        ("change_bylaws", {"version": "", "text": "x", "from": ""}, BadPayload),
        ("change_bylaws", {"version": "2026-06", "text": "x", "from": ""}, BylawsExist),
        ("change_bylaws", {"version": "new", "text": "x", "from": "soon"}, BadPayload),
        ("retire_asset", {"asset": 0, "to": "sold", "proceeds": 0, "reason": "x"}, BadPayload),
        ("lift_suspension", {"member": 0, "reason": "x"}, BadPayload),
    ],
)
def test_what_cannot_be_done_is_refused(
    town: Town, key: str, payload: Payload, error: type[DomainError]
) -> None:
    ensure_bylaws()
    with pytest.raises(error):
        ACTIONS[key].check(payload)


def test_what_is_said_of_people_is_checked_against_the_register(town: Town) -> None:
    ben = town.members["ben"]
    grant, end = ACTIONS["grant_office"], ACTIONS["end_office"]
    with pytest.raises(ElectedOffice):
        grant.check({"member": ben.pk, "office": "steward", "until": ""})
    with pytest.raises(BadPayload):
        grant.check({"member": ben.pk, "office": "king", "until": ""})
    with pytest.raises(RoleNotHeld):
        end.check({"member": ben.pk, "office": "treasurer"})
    with pytest.raises(StateRefused):
        ACTIONS["lift_suspension"].check({"member": ben.pk, "reason": "x"})
    suspended(town)
    with pytest.raises(NotAMember):
        grant.check({"member": ben.pk, "office": "treasurer", "until": ""})
    for key in ("suspend_member", "expel_member", "lift_suspension", "grant_office", "end_office"):
        assert ACTIONS[key].concerns({"member": ben.pk}) == {ben.pk}


def test_a_dry_run_leaves_nothing_behind(town: Town) -> None:
    ben = suspended(town)
    change_state(member_id=ben.pk, to="active", reason="reinstatement", actor=None)
    before = (Transaction.objects.count(), PolicyValue.objects.count())
    for key in ("set_price_rule", "set_issue_price", "close_subscriptions", "retire_asset"):
        payload = payloads(town)[key]
        ACTIONS[key].check(payload)
        assert ACTIONS[key].dry_run(payload)
    assert (Transaction.objects.count(), PolicyValue.objects.count()) == before
    assert Asset.objects.get(pool=town.pool).state == "in_service"


def test_a_client_reads_the_registry_and_tries_a_payload(town: Town) -> None:
    rows = {row["key"]: row for row in Client().get("/api/v1/actions/").json()}
    assert set(rows) == set(ACTIONS)
    assert rows["set_issue_price"]["chambers"] == ["users", "owners"]
    assert rows["retire_asset"]["payload_schema"]["properties"]["asset"] == {"type": "integer"}
    client = Client()
    client.force_login(town.steward)
    sent = {"payload": payloads(town)["retire_asset"]}
    tried = client.post("/api/v1/actions/retire_asset/dry-run/", sent, "application/json")
    assert tried.json()["effect"]["postings"][0]["kind"] == "asset disposed of"
    assert tried.json()["opposite"] is None
    sent = {"payload": {"pool": POOL, "price": 100}}
    same = client.post("/api/v1/actions/set_issue_price/dry-run/", sent, "application/json")
    assert (same.status_code, same.json()["code"]) == (409, "nothing_to_change")
    assert (
        client.post("/api/v1/actions/dance/dry-run/", sent, "application/json").status_code == 404
    )
    assert Client().post("/api/v1/actions/set_issue_price/dry-run/", sent).status_code == 403
