"""Votes of every kind from the ballot to what is carried out, counted again from the board."""

import csv
import io
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from governance import verify
from governance.counting.deciding import decide
from governance.errors import (
    EqualRanks,
    NotAuditor,
    ObjectionMissing,
    UnknownAnswer,
    UnknownChoice,
)
from governance.methods import lot
from governance.methods.material import question_of, votes_of
from governance.models import Carried, Lot, Proposal, RollRow
from governance.services import (
    cast,
    close_and_count,
    execute,
    object_to_consent,
    open_ballot,
    propose,
    publish,
    rule_out_of_order,
    withdraw_consent_objection,
)
from governance.services.consent import review_at, start_reviews
from members.models import Role
from members.services import grant_role
from tests.governance.votes import (
    POOL,
    RESOURCE,
    Town,
    as_owner,
    broken,
    end_voting,
    make_town,
    move,
)
from tests.makers import agree, buy, make_member

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("Mast", "Cable", "Dish")
NAMED = [{"name": name} for name in NAMES]


def opened(town: Town, kind: str, **changes: Any) -> Proposal:
    """An open vote of this kind in words, by Chloe."""
    said = {"action": "resolution", "payload": {}, "options": NAMED, "kind": kind, **changes}
    if kind in ("motion", "consent"):
        said["options"] = []
    chloe = town.members["chloe"]
    draft = propose(
        title="How shall the hill be served?", text="It is dark up there.", member=chloe,
        actor=chloe.user, **said,
    )  # fmt: skip
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def answer(town: Town, proposal: Proposal, **answers: Any) -> None:
    """Cast answers by the names of members."""
    for name, said in answers.items():
        member = town.members[name]
        cast(proposal_id=proposal.pk, member=member, answer=said, actor=member.user)


def decided(town: Town, proposal: Proposal, **answers: Any) -> Proposal:
    """Vote, let time pass, close and count."""
    answer(town, proposal, **answers)
    end_voting(proposal)
    return close_and_count(proposal_id=proposal.pk, actor=town.steward)


ELECTIONS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("ranked", {"ana": [["b"], ["a"]], "ben": [["b"], ["keep"]], "chloe": [["a"], ["b"]]}, ("b",)),
    ("approval", {"ana": ["b", "a"], "ben": ["b"], "chloe": ["c"]}, ("b",)),
    ("score", {"ana": {"a": 5, "b": 4}, "ben": {"b": 4}, "chloe": {"c": 5}}, ("b",)),
    ("irv", {"ana": [["b"]], "ben": [["b"], ["a"]], "chloe": [["a"]]}, ("b",)),
    ("stv", {"ana": [["b"]], "ben": [["b"], ["a"]], "chloe": []}, ("b",)),
]


def test_property_result_at_close_is_the_recount_for_every_kind() -> None:
    town = make_town()
    for kind, answers, winners in ELECTIONS:
        vote = decided(town, opened(town, kind), **answers)
        certified = vote.certificate.result
        assert (vote.state, certified["result"]["winners"]) == ("passed", list(winners))
        ballots = {c["chamber"]: c["ballots"] for c in certified["chambers"]}
        assert ballots == {"users": 3, "owners": 2}
        again = verify.recount(vote)
        assert again == decide(question_of(vote), votes_of(vote))
        assert again.document == certified["result"]
        assert verify.wrong_in_certificate(vote) == []
    assert broken() == []


def test_a_changed_count_in_a_certificate_is_found() -> None:
    town = make_town()
    vote = decided(town, opened(town, "irv"), ana=[["b"]], ben=[["b"]])
    carried = RollRow.objects.filter(chamber__proposal=vote, chamber__name="owners").first()
    assert carried is not None
    Carried.objects.create(row=carried, through=None, lost="end")
    assert any("delegations" in line for line in verify.wrong_in_certificate(vote))


WRONG: list[tuple[str, Any, type[Exception]]] = [
    ("ranked", [["z"]], UnknownAnswer),
    ("ranked", [["a"], ["a"]], UnknownAnswer),
    ("ranked", "for", UnknownAnswer),
    ("irv", [["a", "b"]], EqualRanks),
    ("approval", ["a", "a"], UnknownAnswer),
    ("score", {"a": 6}, UnknownAnswer),
    ("score", {"a": True}, UnknownAnswer),
    ("consent", "for", UnknownAnswer),
    ("consent", "object", ObjectionMissing),
    ("motion", [["a"]], UnknownChoice),
]


def test_an_answer_that_is_none_is_refused() -> None:
    town = make_town()
    asked = {kind: opened(town, kind) for kind in dict.fromkeys(kind for kind, *_rest in WRONG)}
    for kind, wrong, error in WRONG:
        with pytest.raises(error):
            answer(town, asked[kind], ana=wrong)
        assert asked[kind].ballots.count() == 0


def test_an_answer_has_one_form() -> None:
    town = make_town()
    vote = opened(town, "ranked")
    answer(town, vote, ana=[["c", "a"], [], ["b"]])
    assert vote.ballots.get().choices["users"] == [["a", "c"], ["b"]]


def test_the_winning_option_carries_out_its_own_payload() -> None:
    town = make_town()
    price = {"pool": POOL, "resource": RESOURCE}
    options = [{"name": "a little"}, {"name": "more", "payload": {**price, "price": 95_000_000}}]
    vote = opened(
        town, "ranked", action="set_posted_price", options=options,
        payload={**price, "price": 85_000_000},
    )  # fmt: skip
    vote = decided(town, vote, ana=[["b"], ["a"]], ben=[["b"]])
    move(vote, "executes_from = decided_at")
    assert execute(proposal_id=vote.pk, actor=None).state == "executed"
    effect = vote.execution.effects[0]
    assert effect["value"] == 95_000_000
    assert broken() == []


def test_where_nothing_beats_the_standing_option_things_stay() -> None:
    town = make_town()
    vote = decided(town, opened(town, "ranked"), ana=[["keep"]], ben=[["a"], ["keep"]])
    assert (vote.state, vote.certificate.result["result"]["winners"]) == ("failed", [])
    assert vote.certificate.result["decided_by"]["rule"] == "R1"


def test_the_lot_is_committed_at_opening_and_drawn_from_the_closed_board() -> None:
    town = make_town()
    vote = opened(town, "irv")
    row = Lot.objects.get(proposal=vote)
    assert row.commitment != row.nonce
    before = lot.seed_of(vote)
    vote = decided(town, vote, ana=[["a"]], ben=[["b"]])
    seed = vote.certificate.result["result"]["seed"]
    board = vote.certificate.result["board"]["root"]
    assert seed == lot.seed_from(board, [row.nonce]) != before
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Lot.objects.filter(pk=row.pk).update(nonce="00" * 32)
    with transaction.atomic():
        as_owner(f"UPDATE governance_lot SET nonce = repeat('00', 32) WHERE id = {row.pk}")
    assert any("nonce of its lot" in line for line in verify.wrong_in_certificate(vote))


def test_property_weight_carried_is_counted_once_and_sums_stay_whole() -> None:
    town = make_town()
    vote = opened(town, "motion")
    answer(town, vote, ana="for", chloe="against")
    rows = {
        (row.chamber.name, row.member.name): row
        for row in RollRow.objects.filter(chamber__proposal=vote).select_related("chamber")
    }
    end_voting(vote)
    names = {n: m.name for n, m in town.members.items()}
    with transaction.atomic():
        for giver, through, bound in (("ben", "ana", None), ("stella", "ana", "abstain"),
                                      ("chloe", "ana", None)):  # fmt: skip
            Carried.objects.create(
                row=rows["users", names[giver]],
                through=rows["users", names[through]],
                directed=bound,
            )
        lost = rows["owners", names["ben"]]
        Carried.objects.create(row=lost, through=None, lost="cap")
    users, owners = decide(question_of(vote), votes_of(vote)).chambers
    assert (users.sums.yes, users.sums.no, users.sums.abstain) == (2, 1, 1)
    assert (owners.sums.yes, owners.not_voting) == (1, 1)
    assert verify.recount(vote).chambers == (users, owners)


def test_where_users_do_not_vote_their_roll_is_frozen_for_objections() -> None:
    town = make_town()
    agree("subscriptions_open", value=False, scope=POOL)
    vote = opened(town, "motion", action="open_subscriptions", payload={"pool": POOL})
    chambers = {c.name: (c.votes, c.heads) for c in vote.chambers.all()}
    assert chambers == {"owners": (True, 2), "users": (False, 4)}
    vote = decided(town, vote, ana="for")
    assert [c["chamber"] for c in vote.certificate.result["chambers"]] == ["owners"]


def test_owners_weigh_their_shares_up_to_the_cap_where_that_was_adopted() -> None:
    town = make_town(owners=("ana", "ben", "chloe"))
    buy(town.members["ana"], town.pool, 20)
    agree("owner_weights", "shares")
    agree("owner_weight_cap", [1, 3])
    vote = opened(town, "motion")
    rows = RollRow.objects.filter(chamber__proposal=vote, chamber__name="owners")
    assert sorted(rows.values_list("units", "weight")) == [(10, 10), (10, 10), (30, 16)]
    vote = decided(town, vote, ana="for", ben="against", chloe="against")
    users, owners = vote.certificate.result["chambers"]
    assert (owners["weight"], owners["for"], owners["against"]) == (36, 16, 20)
    assert users["weight"] == 4
    assert broken() == []


def test_a_consent_passes_when_its_objection_is_taken_back() -> None:
    town = make_town()
    ben = town.members["ben"]
    vote = opened(town, "consent")
    row = object_to_consent(
        proposal_id=vote.pk, member=ben, reason="It is loud.", change="At night only.", actor=None
    )
    answer(town, vote, ana="consent", ben="object", chloe="consent")
    withdraw_consent_objection(objection_id=row.pk, member=ben, actor=ben.user)
    vote = decided(town, vote)
    assert (vote.state, vote.certificate.result["decided_by"]["rule"]) == ("passed", "R21")
    assert broken() == []


def test_a_consent_with_an_objection_that_stands_goes_to_the_vote() -> None:
    town = make_town()
    vote = opened(town, "consent")
    object_to_consent(
        proposal_id=vote.pk, member=town.members["ben"], reason="No.", change="Less.", actor=None
    )
    vote = decided(town, vote, ana="consent", ben="object")
    assert (vote.state, vote.certificate.result["decided_by"]["rule"]) == ("failed", "R1")
    assert vote.certificate.result["result"]["users"]["objections"] == 1


def test_two_auditors_rule_an_objection_out_of_order() -> None:
    town = make_town()
    vote = opened(town, "consent")
    row = object_to_consent(
        proposal_id=vote.pk, member=town.members["ben"], reason="No.", change="Less.", actor=None
    )
    with pytest.raises(NotAuditor):
        rule_out_of_order(objection_id=row.pk, actor=town.steward, reason="off topic")
    for name in ("una", "vera"):
        auditor = make_member(name).user
        assert auditor is not None
        grant_role(user=auditor, name=Role.Name.AUDITOR, actor=None, source="founding")
        rule_out_of_order(objection_id=row.pk, actor=auditor, reason="It is about another vote.")
        rule_out_of_order(objection_id=row.pk, actor=auditor, reason="Said twice.")
        assert row.rulings.count() == (1 if name == "una" else 2)
    vote = decided(town, vote, ana="consent", ben="object")
    assert (vote.state, vote.certificate.result["decided_by"]["rule"]) == ("passed", "R21")


def test_a_consent_is_reviewed_once() -> None:
    town = make_town()
    vote = decided(town, opened(town, "consent"), ana="consent")
    assert review_at(vote) is not None
    assert start_reviews() == []
    with transaction.atomic():
        as_owner(
            "UPDATE governance_proposal SET decided_at = decided_at - interval '2 years', "
            f"closes_at = closes_at WHERE id = {vote.pk}"
        )
    assert start_reviews() == [vote.pk]
    assert start_reviews() == []
    review = vote.followers.get()
    assert (review.because, review.kind, review.state) == ("review", "consent", "draft")


def test_ballots_of_a_closed_vote_are_files_that_others_count(client: Any) -> None:
    town = make_town()
    vote = opened(town, "irv")
    address = f"/api/v1/decisions/{vote.pk}/ballots/users"
    answer(town, vote, ana=[["b"], ["a"]], ben=[["b"], ["a"]], chloe=[["c"]])
    assert client.get(f"{address}.blt").status_code == 404
    vote = decided(town, vote)
    blt = client.get(f"{address}.blt").content.decode().splitlines()
    assert blt[:4] == ["3 1", "2 2 1 0", "1 3 0", "0"]
    assert "2:Cable>Mast" in client.get(f"{address}.abif").content.decode()
    rows = list(csv.reader(io.StringIO(client.get(f"{address}.csv").content.decode())))
    assert rows == [["count", *NAMES], ["2", "2", "1", ""], ["1", "", "", "1"]]
    assert client.get(f"{address}.exe").status_code == 404
    told = client.get(f"/api/v1/decisions/{vote.pk}/lot/").json()
    assert told["seed"] == vote.certificate.result["result"]["seed"]
    assert client.get(f"/api/v1/decisions/{vote.pk}/carried/").json() == []
