"""From draft to execution, through the services and the database's own refusals."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from governance.actions import ACTIONS
from governance.errors import (
    BadPayload,
    NotOnRoll,
    NotYet,
    NotYours,
    TextMissing,
    UnknownAction,
    UnknownChoice,
    VotingClosed,
    WrongState,
)
from governance.models import Ballot, Execution, Proposal
from governance.services import (
    advance,
    cast,
    close_and_count,
    execute,
    open_ballot,
    propose,
    publish,
    withdraw,
)
from ledger.errors import KeyConflict
from members.models import Member
from policies.errors import WrongValue
from policies.queries import in_force, policy
from tests.governance.votes import (
    NEW_PRICE,
    OLD_PRICE,
    POOL,
    RESOURCE,
    Town,
    as_owner,
    broken,
    decide,
    end_voting,
    make_town,
    move,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree, buy, make_member
from tokens.services.period import open_period

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = (f"{POOL}:{RESOURCE}", POOL)


def price_now() -> object:
    return policy("posted_price", timezone.now(), *SCOPES)


def test_a_carried_price_is_what_the_next_period_reads() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for", chloe="for")
    assert proposal.state == Proposal.State.TIMELOCKED
    assert price_now() == OLD_PRICE
    execute(proposal_id=proposal.pk, actor=town.steward)
    assert price_now() == NEW_PRICE
    row = in_force("posted_price", timezone.now(), *SCOPES)
    assert row is not None
    assert row.source == f"proposal:{proposal.pk}"
    now = timezone.now()
    period = open_period(start=now, end=now + timedelta(days=30), code="next", actor=None)
    assert [y.price for y in period.yields.all()] in ([], [NEW_PRICE])
    assert broken() == []


def test_a_late_close_does_not_hide_the_new_price_from_the_next_period() -> None:
    town = make_town()
    now = timezone.now()
    end = now - timedelta(days=2)
    open_period(start=end - timedelta(days=30), end=end, code="past", actor=None)
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    execute(proposal_id=proposal.pk, actor=None)
    assert policy("posted_price", end, *SCOPES) == NEW_PRICE
    assert policy("posted_price", end - timedelta(seconds=1), *SCOPES) == OLD_PRICE


def test_users_cannot_be_overruled_by_owners_nor_owners_by_users() -> None:
    town = make_town()
    by_owners = decide(town, open_motion(town), ana="for", ben="for", chloe="against")
    assert by_owners.state == Proposal.State.TIMELOCKED
    outvoted = decide(
        town, open_motion(town), ana="for", ben="for", chloe="against", stella="against"
    )
    assert outvoted.state == Proposal.State.FAILED
    assert outvoted.certificate.result["decided_by"] == {"rule": "R1", "chamber": "users"}
    users_only = decide(town, open_motion(town), ana="against", chloe="for", stella="for")
    assert users_only.state == Proposal.State.FAILED
    assert users_only.certificate.result["decided_by"] == {"rule": "R1", "chamber": "owners"}


def test_owners_are_those_who_hold_shares_at_opening() -> None:
    town = make_town(owners=("ana",))
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    buy(town.members["ben"], town.pool, 1)
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    buy(town.members["chloe"], town.pool, 1)
    rolls = {c.name: sorted(r.member.name for r in c.rows.all()) for c in proposal.chambers.all()}
    assert rolls == {"users": ["ana", "ben", "chloe", "stella"], "owners": ["ana", "ben"]}
    assert {c.name: (c.heads, c.weight) for c in proposal.chambers.all()} == {
        "users": (4, 4),
        "owners": (2, 2),
    }


def test_who_joins_after_the_notice_cannot_vote() -> None:
    town = make_town()
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    late = make_member("late")
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(NotOnRoll):
        cast(proposal_id=proposal.pk, member=late, choice="for", actor=late.user)


def test_who_left_before_the_opening_cannot_vote_and_who_leaves_later_still_counts() -> None:
    town = make_town()
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    Member.objects.filter(name="ben").update(state=Member.State.LEFT)
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(NotOnRoll):
        vote(town, proposal, ben="for")
    vote(town, proposal, ana="for")
    Member.objects.filter(name="ana").update(state=Member.State.LEFT)
    decided = decide(town, proposal, chloe="for")
    users = decided.certificate.result["chambers"][0]
    assert (users["heads"], users["for"]) == (3, 2)
    assert broken() == []


def test_the_newest_ballot_counts_and_only_that() -> None:
    town = make_town()
    proposal = open_motion(town)
    vote(town, proposal, ana="against", ben="for")
    vote(town, proposal, ana="abstain")
    decided = decide(town, proposal, ana="for")
    users = decided.certificate.result["chambers"][0]
    assert (users["for"], users["against"], users["abstain"]) == (2, 0, 0)
    assert [b.index for b in proposal.ballots.all()] == [1, 2, 3, 4]
    assert broken() == []


def test_one_may_answer_differently_in_each_chamber() -> None:
    town = make_town()
    proposal = open_motion(town)
    ana = town.members["ana"]
    answers = {"users": "for", "owners": "against"}
    cast(proposal_id=proposal.pk, member=ana, choices=answers, actor=ana.user)
    decided = decide(town, proposal)
    users, owners = decided.certificate.result["chambers"]
    assert (users["for"], users["against"]) == (1, 0)
    assert (owners["for"], owners["against"]) == (0, 1)


@pytest.mark.parametrize("answers", [{"users": "for"}, {"users": "for", "owners": "maybe"}, {}])
def test_a_ballot_answers_in_each_chamber_of_its_voter(answers: dict[str, str]) -> None:
    town = make_town()
    proposal = open_motion(town)
    ana = town.members["ana"]
    with pytest.raises(UnknownChoice):
        cast(proposal_id=proposal.pk, member=ana, choices=answers, actor=ana.user)


def test_a_second_click_casts_nothing_more_and_another_answer_with_its_key_is_refused() -> None:
    town = make_town()
    proposal = open_motion(town)
    ana = town.members["ana"]
    once = [
        cast(proposal_id=proposal.pk, member=ana, choice="for", actor=ana.user, key="k")
        for _click in range(2)
    ]
    assert once[0] == once[1]
    with pytest.raises(KeyConflict):
        cast(proposal_id=proposal.pk, member=ana, choice="against", actor=ana.user, key="k")
    assert proposal.ballots.count() == 1


def test_no_ballot_before_opening_and_none_after_closing() -> None:
    town = make_town()
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(VotingClosed):
        vote(town, draft, ana="for")
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    end_voting(proposal)
    with pytest.raises(VotingClosed):
        vote(town, proposal, ana="for")
    close_and_count(proposal_id=proposal.pk, actor=None)
    with pytest.raises(VotingClosed):
        vote(town, proposal, ana="for")


def test_nobody_opens_closes_or_executes_early() -> None:
    town = make_town(notice=3600)
    agree("timelock_rights_seconds", 3600)
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(NotYet):
        open_ballot(proposal_id=draft.pk, actor=town.steward)
    move(draft, "opens_at = notice_at, closes_at = notice_at + interval '1 hour'")
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(NotYet):
        close_and_count(proposal_id=proposal.pk, actor=town.steward)
    decided = decide(town, proposal, ana="for", ben="for")
    with pytest.raises(NotYet):
        execute(proposal_id=decided.pk, actor=town.steward)


def test_a_late_opening_keeps_the_voting_time_whole() -> None:
    town = make_town(notice=0)
    draft = price_motion(town)
    published = publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=None)
    assert proposal.opens_at is not None
    assert proposal.closes_at is not None
    assert published.opens_at is not None
    assert proposal.opens_at > published.opens_at
    assert proposal.closes_at - proposal.opens_at == timedelta(hours=1)


def test_policy_changed_after_notice_does_not_reach_the_vote() -> None:
    town = make_town()
    proposal = open_motion(town)
    agree("support", [0, 1, False])
    agree("approval_quorum", [0, 1, False])
    decided = decide(town, proposal, ana="against", ben="against")
    assert decided.state == Proposal.State.FAILED


def test_without_enough_approval_a_unanimous_few_do_not_decide() -> None:
    town = make_town()
    agree("approval_quorum", [1, 2, False])
    decided = decide(town, open_motion(town), ana="for")
    assert decided.state == Proposal.State.FAILED
    assert decided.certificate.result["decided_by"] == {"rule": "R3", "chamber": "users"}


def test_a_vote_nobody_took_part_in_and_one_without_owners_fail() -> None:
    town = make_town(owners=())
    assert decide(town, open_motion(town)).state == Proposal.State.FAILED
    decided = decide(town, open_motion(town), ana="for", ben="for", chloe="for", stella="for")
    assert decided.state == Proposal.State.FAILED
    assert decided.certificate.result["decided_by"]["chamber"] == "owners"


def test_all_steps_twice_change_nothing_more() -> None:
    town = make_town()
    proposal = price_motion(town, key="same")
    assert price_motion(town, key="same") == proposal
    for _twice in range(2):
        publish(proposal_id=proposal.pk, actor=town.steward)
    assert proposal.deliveries.count() == 4
    for _twice in range(2):
        open_ballot(proposal_id=proposal.pk, actor=town.steward)
    proposal.refresh_from_db()
    decide(town, proposal, ana="for", ben="for")
    assert close_and_count(proposal_id=proposal.pk, actor=None).state == Proposal.State.TIMELOCKED
    for _twice in range(2):
        done = execute(proposal_id=proposal.pk, actor=None)
    assert done.state == Proposal.State.EXECUTED
    assert Execution.objects.count() == 1
    with pytest.raises(KeyConflict):
        price_motion(town, key="same", price=1)


def test_what_came_too_late_expires_and_does_nothing() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    move(proposal, "expires_at = executes_from")
    assert execute(proposal_id=proposal.pk, actor=None).state == Proposal.State.EXPIRED
    assert price_now() == OLD_PRICE
    assert not Execution.objects.exists()


def test_what_can_no_longer_be_done_is_recorded_with_its_reason() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    town.pool.code = "spine"
    town.pool.save()
    done = execute(proposal_id=proposal.pk, actor=None)
    assert done.state == Proposal.State.REFUSED
    assert done.execution.refusal
    assert done.execution.effects == []
    assert price_now() == OLD_PRICE
    assert broken() == []


def test_a_payload_changed_behind_the_triggers_is_not_executed() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    move(proposal, "payload = jsonb_set(payload, '{price}', '1')")
    with pytest.raises(BadPayload):
        execute(proposal_id=proposal.pk, actor=town.steward)
    assert price_now() == OLD_PRICE
    assert any("no longer what notice was given of" in line for line in broken())


def test_without_a_sound_certificate_nothing_is_executed_and_others_go_on() -> None:
    town = make_town()
    forged = decide(town, open_motion(town), ana="for", ben="for")
    sound = decide(town, open_motion(town, price=NEW_PRICE + 1), ana="for", ben="for")
    with transaction.atomic():
        as_owner(
            f"UPDATE governance_certificate SET envelope = '{{}}' WHERE proposal_id = {forged.pk}"
        )
    assert advance() == [sound.pk]
    assert price_now() == NEW_PRICE + 1
    with pytest.raises(BadPayload):
        execute(proposal_id=forged.pk, actor=None)


def test_time_alone_carries_a_vote_to_its_end() -> None:
    town = make_town()
    draft = price_motion(town)
    publish(proposal_id=draft.pk, actor=town.steward)
    waiting = price_motion(town)
    advance()
    draft.refresh_from_db()
    assert draft.state == Proposal.State.OPEN
    vote(town, draft, ana="for", ben="for")
    assert advance() == []
    end_voting(draft)
    assert advance() == [draft.pk, draft.pk]
    draft.refresh_from_db()
    waiting.refresh_from_db()
    assert draft.state == Proposal.State.EXECUTED
    assert waiting.state == Proposal.State.DRAFT
    assert price_now() == NEW_PRICE


def test_a_decision_in_words_ends_when_it_is_counted() -> None:
    town = make_town()
    member = town.members["ana"]
    draft = propose(
        title="We meet in May",
        text="Every year.",
        action="resolution",
        payload={},
        member=member,
        actor=member.user,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=None)
    assert decide(town, proposal, ana="for", ben="for").state == Proposal.State.PASSED
    with pytest.raises(WrongState):
        execute(proposal_id=proposal.pk, actor=None)


def test_a_rule_is_changed_by_vote_and_the_next_vote_goes_by_it() -> None:
    town = make_town()
    agree("timelock_seconds", 0)
    member = town.members["ana"]
    draft = propose(
        title="Two thirds",
        text="Prices should have broad support.",
        action="set_policy",
        payload={"key": "support", "scope": "", "value": [2, 3, False]},
        member=member,
        actor=member.user,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=None)
    execute(proposal_id=decide(town, proposal, ana="for", ben="for").pk, actor=None)
    later = publish(proposal_id=price_motion(town).pk, actor=town.steward)
    assert later.terms is not None
    assert later.terms["support"] == [2, 3, False]


def test_a_draft_can_be_taken_back_by_its_proposer_or_a_steward_only() -> None:
    town = make_town()
    draft = price_motion(town)
    stranger = town.members["ana"].user
    proposer = town.members["chloe"].user
    assert stranger is not None
    assert proposer is not None
    with pytest.raises(NotYours):
        withdraw(proposal_id=draft.pk, actor=stranger)
    assert withdraw(proposal_id=draft.pk, actor=proposer).state == Proposal.State.WITHDRAWN
    with pytest.raises(WrongState):
        publish(proposal_id=draft.pk, actor=town.steward)
    other = price_motion(town)
    assert withdraw(proposal_id=other.pk, actor=town.steward).state == Proposal.State.WITHDRAWN


BAD = [
    ("set_posted_price", {"pool": POOL, "resource": RESOURCE, "price": -1}, BadPayload),
    ("set_posted_price", {"pool": POOL, "resource": RESOURCE, "price": True}, BadPayload),
    ("set_posted_price", {"pool": POOL, "resource": RESOURCE, "price": "90"}, BadPayload),
    ("set_posted_price", {"pool": "moon", "resource": RESOURCE, "price": 1}, BadPayload),
    ("set_posted_price", {"pool": POOL, "resource": RESOURCE}, BadPayload),
    ("set_posted_price", {"pool": POOL, "resource": RESOURCE, "price": 1, "x": 1}, BadPayload),
    ("set_policy", {"key": "posted_price", "scope": "", "value": 1}, BadPayload),
    ("set_policy", {"key": "nonsense", "scope": "", "value": 1}, BadPayload),
    ("set_policy", {"key": "voting_seconds", "scope": "", "value": 0}, WrongValue),
    ("set_policy", {"key": "voting_seconds", "scope": "moon", "value": 90}, BadPayload),
    ("set_policy", {"key": "support", "scope": "", "value": [1, 2, True], "from": 7}, BadPayload),
    ("set_policy", {"key": "support", "scope": "", "value": [1, 2, True], "x": ""}, BadPayload),
    ("print_money", {}, UnknownAction),
]


@pytest.mark.parametrize(("action", "payload", "error"), BAD)
def test_what_no_vote_could_do_is_no_proposal(
    action: str, payload: dict[str, object], error: type[Exception]
) -> None:
    town = make_town()
    chloe = town.members["chloe"]
    with pytest.raises(error):
        propose(title="t", text="t", action=action, payload=payload, member=chloe, actor=chloe.user)
    assert not Proposal.objects.exists()


def test_a_proposal_needs_title_and_text() -> None:
    town = make_town()
    chloe = town.members["chloe"]
    with pytest.raises(TextMissing):
        propose(
            title=" ", text="x", action="resolution", payload={}, member=chloe, actor=chloe.user
        )


def test_every_action_that_can_be_undone_names_the_payload_that_undoes_it() -> None:
    town = make_town()
    payload = {"pool": POOL, "resource": RESOURCE, "price": NEW_PRICE}
    action = ACTIONS["set_posted_price"]
    back = action.inverse(action.dry_run(payload))
    assert back == {"pool": POOL, "resource": RESOURCE, "price": OLD_PRICE}
    rule = {"key": "voting_seconds", "scope": town.pool.code, "value": 60}
    action = ACTIONS["set_policy"]
    assert action.inverse(action.dry_run(rule)) == {**rule, "value": 3600}
    assert ACTIONS["resolution"].inverse({}) is None


# What the database itself refuses ------------------------------------------------------------


def counted_town() -> tuple[Town, Proposal]:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    return town, execute(proposal_id=proposal.pk, actor=None)


FORBIDDEN = [
    'UPDATE governance_ballot SET choices = \'{"users": "against"}\'',
    "DELETE FROM governance_ballot",
    "TRUNCATE governance_ballot",
    "UPDATE governance_rollrow SET weight = 2",
    "DELETE FROM governance_rollrow",
    "UPDATE governance_chamber SET weight = 2",
    "UPDATE governance_certificate SET passed = false",
    "DELETE FROM governance_certificate",
    "UPDATE governance_execution SET effects = '[]'",
    "DELETE FROM governance_delivery",
    "DELETE FROM governance_proposal",
    "UPDATE governance_proposal SET title = 'another'",
    "UPDATE governance_proposal SET payload = '{}'",
    "UPDATE governance_proposal SET terms = '{}'",
    "UPDATE governance_proposal SET closes_at = now()",
    "UPDATE governance_proposal SET state = 'open'",
]


def test_the_database_refuses_every_change_of_what_was_voted() -> None:
    counted_town()
    for sql in FORBIDDEN:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert broken() == []


def test_the_database_refuses_a_ballot_out_of_time_or_out_of_turn() -> None:
    town = make_town()
    proposal = open_motion(town)
    vote(town, proposal, ana="for")
    copy = {
        name: getattr(proposal.ballots.get(), name)
        for name in ("choices", "attested", "cast_at", "envelope", "leaf", "link", "receipt")
    }
    ben = town.members["ben"]
    with pytest.raises(IntegrityError, match="follows on 1"), transaction.atomic():
        Ballot.objects.create(proposal=proposal, member=ben, index=3, key="x", **copy)
    end_voting(proposal)
    with pytest.raises(IntegrityError, match="not open"), transaction.atomic():
        Ballot.objects.create(proposal=proposal, member=ben, index=2, key="x", **copy)


def test_a_reason_can_be_emptied_and_never_rewritten() -> None:
    town = make_town()
    proposal = open_motion(town)
    ana = town.members["ana"]
    ballot = cast(proposal_id=proposal.pk, member=ana, choice="for", reason="rude", actor=ana.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ballot.objects.filter(pk=ballot.pk).update(reason="polite")
    Ballot.objects.filter(pk=ballot.pk).update(reason="")
    assert broken() == []
