"""What a proposal says, and how it changes before its ballot opens (R8, R15)."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from governance import board
from governance.documents import notice_document
from governance.errors import (
    BadOptions,
    NothingChanged,
    NoTrustees,
    NotSealable,
    NotYours,
    ProposersAlone,
    WrongKind,
    WrongState,
)
from governance.lifecycle.differences import word_differences
from governance.models import Proposal
from governance.services import amend, open_ballot, propose, publish, withdraw
from ledger.errors import KeyConflict
from members.models import User
from tests.governance.lifecycle.ways import HOUR, announced, open_now, words
from tests.governance.test_pages import as_member
from tests.governance.votes import POOL, RESOURCE, Town, broken, make_town, price_motion
from tests.makers import make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    return make_town(notice=HOUR)


def user(town: Town, name: str) -> User:
    found = town.members[name].user
    assert found is not None
    return found


def test_a_draft_is_edited_and_every_saving_is_kept(town: Town) -> None:
    draft = price_motion(town)
    amend(proposal_id=draft.pk, actor=user(town, "chloe"), title="A fair price", why="Shorter")
    amend(proposal_id=draft.pk, actor=town.steward, text="The mast is full.")
    with pytest.raises(NothingChanged):
        amend(proposal_id=draft.pk, actor=town.steward, text="The mast is full.")
    with pytest.raises(NotYours):
        amend(proposal_id=draft.pk, actor=user(town, "ben"), text="No.")
    kept = list(draft.versions.values_list("number", "version", "notice_hash", "why"))
    assert kept == [(1, 1, "", ""), (2, 1, "", "Shorter"), (3, 1, "", "")]
    assert draft.versions.get(number=1).content["title"] == draft.title
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_proposalversion SET why = ''")


def test_an_amendment_restarts_the_notice_and_tells_everybody_again(town: Town) -> None:
    first = announced(town, price_motion(town))
    late = make_member("late")
    second = amend(proposal_id=first.pk, actor=user(town, "chloe"), text="Broken as well.")
    assert (second.version, second.state) == (2, State.NOTICE)
    assert first.notice_at is not None
    assert second.notice_at is not None
    assert second.notice_at > first.notice_at
    assert second.notice_hash != first.notice_hash
    told = list(second.deliveries.order_by("pk").values_list("version", flat=True))
    assert told == [1] * 4 + [2] * 5
    running = open_now(second)
    assert running.chambers.get(name="users").heads == 5
    assert running.chambers.get(name="users").rows.filter(member=late).count() == 1
    with pytest.raises(WrongState):
        amend(proposal_id=first.pk, actor=user(town, "chloe"), text="Too late.")
    assert broken() == []


CHANGES: list[dict[str, Any]] = [
    {"title": "Another title"},
    {"text": "Another text"},
    {"payload": {"pool": POOL, "resource": RESOURCE, "price": 1}},
    {"kind": "consent"},
    {"kind": "ranked", "options": [{"name": "this"}]},
]


def test_the_notice_hash_binds_everything_that_is_announced(town: Town) -> None:
    draft = price_motion(town)
    hashes = [announced(town, draft).notice_hash]
    for change in CHANGES:
        hashes.append(amend(proposal_id=draft.pk, actor=user(town, "chloe"), **change).notice_hash)
    assert len(set(hashes)) == len(hashes)
    now = Proposal.objects.get(pk=draft.pk)
    assert board.document_hash(notice_document(now)) == now.notice_hash
    for name, value in (
        ("proposer_id", town.members["ana"].pk),
        ("options", now.options[::-1]),
        ("terms", {**(now.terms or {}), "support": [0, 1, False]}),
        ("terms", {**(now.terms or {}), "roll": "everybody"}),
        ("terms", {**(now.terms or {}), "chambers": ["owners"]}),
        ("seats", 2),
        ("ballot_kind", "sealed"),
        ("because", "objection"),
        ("previous_id", 1),
    ):
        other = Proposal.objects.get(pk=draft.pk)
        setattr(other, name, value)
        assert board.document_hash(notice_document(other)) != now.notice_hash, name


def test_options_get_ids_and_a_ranked_motion_its_standing_option(town: Town) -> None:
    names = [{"name": "May"}, {"name": " June "}]
    ranked = words(town, kind="ranked", options=names)
    assert [(o["id"], o["name"]) for o in ranked.options] == [
        ("a", "May"),
        ("b", "June"),
        ("keep", "Keep things as they are"),
    ]
    approval = words(town, kind="approval", options=names)
    assert [o["id"] for o in approval.options] == ["a", "b"]
    people = [{"name": "Ana", "member": 1}, {"name": "Ben", "member": 2}]
    assert [o["id"] for o in words(town, kind="stv", options=people, seats=2).options] == [
        "m1",
        "m2",
    ]


WRONG: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"kind": "motion", "options": [{"name": "x"}]}, BadOptions),
    ({"kind": "approval", "options": [{"name": "x"}, {"name": "x"}]}, BadOptions),
    ({"kind": "approval", "options": [{"name": ""}]}, BadOptions),
    ({"kind": "approval", "options": [{"name": str(n)} for n in range(27)]}, BadOptions),
    ({"kind": "approval", "options": [{"name": "x", "payload": {}}]}, BadOptions),
    ({"kind": "guess"}, WrongKind),
    ({"kind": "irv", "options": [{"name": "x"}], "seats": 2}, WrongKind),
    ({"kind": "stv", "options": [{"name": "x"}], "seats": 0}, WrongKind),
    ({"ballot_kind": "sealed"}, NotSealable),
]


def test_what_is_no_question_is_refused(town: Town) -> None:
    for said, error in WRONG:
        with pytest.raises(error):
            words(town, **said)
    lonely = words(town, kind="approval", options=[{"name": "only"}])
    with pytest.raises(BadOptions):
        announced(town, lonely)
    prices = {"pool": POOL, "resource": RESOURCE, "price": 1}
    with pytest.raises(WrongKind):
        propose(
            title="t", text="t", action="set_posted_price", payload=prices, kind="stv", seats=2,
            member=town.members["ana"], actor=None,
        )  # fmt: skip


def test_options_carry_effects_of_their_own_and_show_them_with_the_notice(town: Town) -> None:
    dear = {"pool": POOL, "resource": RESOURCE, "price": 95_000_000}
    draft = price_motion(town)
    options = [{"name": "90"}, {"name": "95", "payload": dear}]
    amend(proposal_id=draft.pk, actor=town.steward, kind="ranked", options=options)
    shown = announced(town, draft).options
    assert [o.get("preview", {}).get("after") for o in shown] == [None, 95_000_000, None]
    with pytest.raises(BadOptions):
        amend(
            proposal_id=draft.pk,
            actor=user(town, "chloe"),
            options=[{"name": "90"}, {"name": "85"}],
        )


def test_a_key_makes_one_draft_even_after_it_was_edited(town: Town) -> None:
    draft = price_motion(town, key="k")
    amend(proposal_id=draft.pk, actor=town.steward, text="Edited.")
    assert price_motion(town, key="k") == draft
    with pytest.raises(KeyConflict):
        price_motion(town, key="k", price=1)


def test_only_the_proposer_takes_back_what_was_announced(town: Town) -> None:
    draft = announced(town, price_motion(town))
    with pytest.raises(NotYours):
        withdraw(proposal_id=draft.pk, actor=town.steward)
    assert withdraw(proposal_id=draft.pk, actor=user(town, "chloe")).state == State.WITHDRAWN
    with pytest.raises(WrongState):
        open_ballot(proposal_id=draft.pk, actor=None)


def test_attack_steward_holding_a_vote_up_with_amendments(town: Town) -> None:
    before = announced(town, price_motion(town))
    with pytest.raises(ProposersAlone):
        amend(proposal_id=before.pk, actor=town.steward, text="Let us wait.")
    page = reverse("governance:amend", args=[before.pk])
    assert as_member(town, "stella").get(page).status_code == 403
    assert as_member(town, "chloe").get(page).status_code == 200
    after = Proposal.objects.get(pk=before.pk)
    assert (after.version, after.opens_at) == (before.version, before.opens_at)


def test_a_sealed_vote_is_announced_with_its_key_only(town: Town) -> None:
    payload = {"pool": POOL}
    from tests.governance.lifecycle.ways import owners_draft

    draft = owners_draft(town, ballot_kind="sealed", payload=payload)
    with pytest.raises(NoTrustees):
        publish(proposal_id=draft.pk, actor=town.steward)


def test_the_page_shows_differences_and_the_public_no_savings(town: Town) -> None:
    draft = price_motion(town)
    amend(proposal_id=draft.pk, actor=town.steward, text="The mast is full every morning.")
    announced(town, draft)
    amend(proposal_id=draft.pk, actor=user(town, "chloe"), text="The mast is empty every morning.")
    page = reverse("governance:versions", args=[draft.pk])
    public = Client().get(page).content.decode()
    assert "<del>full</del><ins>empty</ins>" in public
    assert "evening" not in public
    member = Client()
    member.force_login(user(town, "ben"))
    assert "<del>evening.</del><ins>morning.</ins>" in member.get(page).content.decode()
    api = Client().get(reverse("governance:api_versions", args=[draft.pk])).json()
    assert [row["version"] for row in api] == [1, 2]


def test_the_form_amends_what_it_shows(town: Town) -> None:
    draft = announced(town, price_motion(town))
    proposer = Client()
    proposer.force_login(user(town, "chloe"))
    page = reverse("governance:amend", args=[draft.pk])
    shown = proposer.get(page)
    form = {name: shown.context["form"][name].initial for name in ("yields", "price", "title")}
    answer = proposer.post(page, {**form, "text": "It is too dear.", "why": "After the talk"})
    assert answer.status_code == 303
    draft.refresh_from_db()
    assert (draft.version, draft.text) == (2, "It is too dear.")
    assert draft.payload == draft.versions.get(number=1).content["payload"]
    assert proposer.post(page, {**form, "text": ""}).status_code == 422
    other = Client()
    other.force_login(user(town, "ben"))
    assert other.get(page).status_code == 403


def test_differences_are_word_by_word() -> None:
    pieces = word_differences("the old mast on the hill", "the new mast on a hill")
    assert [(p.how, p.text) for p in pieces if p.how != "same"] == [
        ("gone", "old"),
        ("new", "new"),
        ("gone", "the"),
        ("new", "a"),
    ]
    assert "".join(p.text for p in pieces if p.how != "new") == "the old mast on the hill"
    assert "".join(p.text for p in pieces if p.how != "gone") == "the new mast on a hill"
    assert word_differences("same", "same")[0].how == "same"
