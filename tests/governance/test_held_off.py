"""What somebody might try around the rules, and sends that make no sense: refused, never failed."""

import json
from typing import Any

import pytest
from django.test import Client

from assets.models import Asset
from governance.bundle.export import MEMBERS, PUBLIC, told
from governance.errors import ConflictOfInterest, WrongKind
from governance.models import Proposal
from governance.services import advance, amend, execute, propose, publish
from members.models import Member, MemberEvent
from members.services import change_state
from tests.governance.actions.deeds import make_ready_town, voted
from tests.governance.lifecycle.ways import HOUR, words
from tests.governance.test_pages import as_member, text_of
from tests.governance.votes import POOL, Town, make_town, price_motion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town() -> Town:
    return make_town(notice=HOUR)


def work_of(member: Member) -> dict[str, Any]:
    """The payload of a contribution's value."""
    said: dict[str, Any] = {"member": member.number, "pool": POOL, "kind": "labour", "value": 900}
    return said | {"what": "A mast", "asset_kind": "", "serial": "", "place": ""}


def contribution(town: Town, by: str, of: str) -> Proposal:
    member = town.members[by]
    return propose(
        title="Work", text="It was much.", action="value_contribution", member=member,
        payload=work_of(town.members[of]), actor=member.user,
    )  # fmt: skip


def send(client: Client, path: str, said: dict[str, Any], **headers: Any) -> Any:
    return client.post(path, json.dumps(said), content_type="application/json", headers=headers)


def test_attack_taking_the_key_of_a_vote_that_the_rules_call(town: Town) -> None:
    for reserved in ("petition 1", "objection 1", "second vote 1", "review 1", "emergency:1"):
        draft = price_motion(town, key=reserved)
        assert draft.key != reserved
        assert price_motion(town, key=reserved) == draft


def test_two_members_may_use_the_same_key(town: Town) -> None:
    said = {"title": "T", "text": "W", "action": "resolution"}
    header = {"idempotency-key": "1"}
    sent = [
        send(as_member(town, name), "/api/v1/decisions/drafts/", said, **header)
        for name in ("ana", "ben", "ana")
    ]
    assert [answer.status_code for answer in sent] == [201, 201, 201]
    first, other, again = (answer.json()["id"] for answer in sent)
    assert first == again != other


def test_attack_steward_giving_notice_of_own_pay(town: Town) -> None:
    own = contribution(town, "stella", "stella")
    with pytest.raises(ConflictOfInterest):
        publish(proposal_id=own.pk, actor=town.steward)
    another = contribution(town, "chloe", "ana")
    with pytest.raises(ConflictOfInterest):
        amend(proposal_id=another.pk, actor=town.steward, payload=work_of(town.members["stella"]))
    publish(proposal_id=another.pk, actor=town.steward)


def test_a_ballot_is_open_or_sealed_and_nothing_else(town: Town) -> None:
    with pytest.raises(WrongKind):
        words(town, ballot_kind="shut")


@pytest.mark.parametrize("payload", [5, None, "a", [{}], [1]])
def test_an_option_whose_effect_is_no_object_is_refused(town: Town, payload: Any) -> None:
    said: dict[str, Any] = {"title": "T", "text": "W", "kind": "ranked"}
    said["options"] = [{"name": "A", "payload": payload}]
    rule = {"key": "digest_hour", "scope": "", "value": 7}
    for action, main in (("open_subscriptions", {"pool": POOL}), ("set_policy", rule)):
        sent = said | {"action": action, "payload": main}
        answer = send(as_member(town), "/api/v1/decisions/drafts/", sent)
        assert 400 <= answer.status_code < 500


def test_a_nul_inside_of_a_payload_is_refused(town: Town) -> None:
    payload = {"member": town.members["ben"].pk, "reason": "a\0b", "appeal": "Write."}
    said = {"title": "T", "text": "W", "action": "suspend_member", "payload": payload}
    answer = send(as_member(town), "/api/v1/decisions/drafts/", said)
    assert 400 <= answer.status_code < 500


def test_what_is_not_announced_is_not_there_to_object_to_or_to_name_somebody_for(
    town: Town,
) -> None:
    draft, ana = words(town), as_member(town)
    assert ana.get(f"/decisions/{draft.pk}/object/").status_code == 404
    for vote in (draft.pk, 10**6, 10**30):
        said = {"holder": town.members["ben"].number, "proposal": vote}
        assert send(ana, "/api/v1/delegations/", said).status_code == 404


def test_what_fails_holds_up_nothing_else(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> int:
        raise RuntimeError("broken")

    ended: list[str] = []
    room = "governance.sanctions.services.end_what_is_over"
    later = "governance.services.consent.start_reviews"
    monkeypatch.setattr(room, fails)
    monkeypatch.setattr(later, lambda: ended.append("told"))
    assert advance() == []
    assert ended == ["told"]


def test_a_public_folder_leaves_out_what_options_say_of_persons() -> None:
    effect = {"member": 5, "reason": "Nothing good."}
    options = [{"id": "a", "name": "A", "payload": effect, "preview": effect}, {"id": "keep"}]
    notice = {"payload": effect, "preview": None, "options": options}
    shown, withheld = told(notice, PUBLIC)
    assert "Nothing good." not in json.dumps(shown)
    assert withheld == ["payload.reason", "options.a.payload.reason", "options.a.preview.reason"]
    assert told(notice, MEMBERS) == (notice, [])
    assert told({"payload": {}, "options": ["for"]}, PUBLIC)[1] == []


def test_a_title_that_no_xml_can_hold_does_not_break_the_feed(town: Town) -> None:
    draft = words(town, title="A\x0bB")
    publish(proposal_id=draft.pk, actor=town.steward)
    answer = Client().get("/decisions/feed.atom")
    assert answer.status_code == 200
    assert b"A B" in answer.content


def test_options_that_book_can_be_announced(town: Town) -> None:
    mast = Asset.objects.get(pool=town.pool)
    sold = {"asset": mast.pk, "to": "sold", "proceeds": 2_500, "reason": "For sale."}
    gone = {"asset": mast.pk, "to": "retired", "proceeds": 0, "reason": "Broken."}
    options = [{"name": "Sell", "payload": sold}, {"name": "Retire", "payload": gone}]
    draft = words(town, action="retire_asset", payload=sold, kind="ranked", options=options)
    assert publish(proposal_id=draft.pk, actor=town.steward).state == Proposal.State.NOTICE


def test_the_public_does_not_read_of_whom_a_refusal_tells() -> None:
    town = make_ready_town()
    ana = town.members["ana"]
    vote = voted(town, "value_contribution", work_of(ana))
    suspended = {"to": Member.State.SUSPENDED, "reason": MemberEvent.Reason.SUSPENSION}
    change_state(member_id=ana.pk, actor=None, **suspended)
    refused = execute(proposal_id=vote.pk, actor=None)
    assert refused.state == Proposal.State.REFUSED
    page = f"/decisions/{vote.pk}/"
    assert refused.execution.refusal in text_of(as_member(town, "ben").get(page))
    public = text_of(Client().get(page))
    assert refused.execution.refusal not in public
    assert "could not be carried out" in public
