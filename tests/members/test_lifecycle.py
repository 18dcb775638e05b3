"""The states of a membership: which changes there are, and what stays of each."""

import itertools

import pytest
from django.db import IntegrityError, connection, transaction

from members.errors import (
    AlreadyApplied,
    DecidedByVote,
    NothingToAnswer,
    NothingToAppeal,
    NotYet,
    ReasonMissing,
    StateRefused,
    TooEarly,
)
from members.invariants import INVARIANTS
from members.models import Appeal, Cooperative, Member, MemberEvent
from members.queries import may_appeal
from members.services import (
    admit,
    answer_appeal,
    change_state,
    expel,
    finish_leaving,
    make_appeal,
    refuse,
    start_leaving,
    stay,
    suspend,
)
from members.transitions import TRANSITIONS, reasons_for
from tests.makers import agree, make_cooperative, make_member, make_steward, make_user
from tests.members.lives import applicant, days_ago, today

pytestmark = pytest.mark.django_db

STATES = ["", *Member.State.values]


def story(member: Member) -> list[tuple[str, str, str]]:
    rows = MemberEvent.objects.filter(member=member).order_by("pk")
    return [(row.from_state, row.to_state, row.reason) for row in rows]


def nothing_wrong() -> bool:
    return [line for check in INVARIANTS for line in check()] == []


def test_the_database_knows_the_same_changes_as_the_services() -> None:
    with connection.cursor() as cursor:
        for old, new in itertools.product(STATES, STATES):
            cursor.execute("SELECT members_may_change(%s, %s)", [old, new])
            allowed = cursor.fetchone()
            assert allowed is not None
            assert allowed[0] == bool(reasons_for(old, new)), (old, new)


def test_a_life_leaves_an_event_for_each_change() -> None:
    make_cooperative()
    steward = make_steward()
    member = admit(member_id=applicant().pk, actor=steward)
    suspend(member_id=member.pk, text="Two charges unpaid.", actor=steward, reason="default")
    change_state(member_id=member.pk, to="active", reason="reinstatement", actor=steward)
    start_leaving(member_id=member.pk, reason="resignation", actor=member.user)
    stay(member_id=member.pk, actor=member.user)
    start_leaving(member_id=member.pk, reason="transfer", actor=member.user)
    left = finish_leaving(member_id=member.pk, actor=steward)
    assert story(member) == [
        ("", "applicant", "application"),
        ("applicant", "active", "admission"),
        ("active", "suspended", "default"),
        ("suspended", "active", "reinstatement"),
        ("active", "leaving", "resignation"),
        ("leaving", "active", "withdrawal"),
        ("active", "leaving", "transfer"),
        ("leaving", "left", "transfer"),
    ]
    assert (left.state, left.ended_on, left.number) == ("left", today(), 2)
    assert nothing_wrong()


def test_the_same_change_again_writes_nothing() -> None:
    member = make_member()
    for _again in range(2):
        start_leaving(member_id=member.pk, reason="resignation", actor=None)
    for _again in range(2):
        finish_leaving(member_id=member.pk, actor=None)
    assert len(story(member)) == 4


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("refused", "refusal"),
        ("applicant", "application"),
        ("deceased", "resignation"),
        ("expelled", "death"),
        ("active", "correction"),
        ("nowhere", "resignation"),
        ("left", "because"),
    ],
)
def test_a_change_that_is_not_in_the_law_is_refused(to: str, reason: str) -> None:
    member = make_member()
    before = story(member)
    with pytest.raises(StateRefused):
        change_state(member_id=member.pk, to=to, reason=reason, actor=None)
    assert story(member) == before


def test_only_a_member_who_is_leaving_can_have_left_by_finishing() -> None:
    with pytest.raises(StateRefused):
        finish_leaving(member_id=make_member().pk, actor=None)


@pytest.mark.parametrize(("old", "new"), [("active", "refused"), ("active", "applicant")])
def test_the_database_refuses_such_a_change_too(old: str, new: str) -> None:
    member = make_member()
    assert (old, new) not in TRANSITIONS
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=member.pk).update(state=new)
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberEvent.objects.create(
            member=member,
            from_state=old,
            to_state=new,
            reason="refusal",
            effective_on=today(),
            recorded_at=member.applied_at,
        )


def test_an_event_follows_the_last_one_or_is_refused_by_the_database() -> None:
    member = make_member()
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberEvent.objects.create(
            member=member,
            from_state="leaving",
            to_state="left",
            reason="resignation",
            effective_on=today(),
            recorded_at=member.applied_at,
        )


@pytest.mark.parametrize("table", ["memberevent", "particulars", "bylawsconsent"])
def test_what_happened_is_neither_changed_nor_taken_out(table: str) -> None:
    make_member()
    with connection.cursor() as cursor:
        for statement in (
            f"UPDATE members_{table} SET member_id = member_id",
            f"DELETE FROM members_{table}",
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(statement)


def test_the_words_of_an_event_can_be_forgotten_once_and_nothing_else() -> None:
    member = refuse(member_id=applicant().pk, reason="Owes us a mast.", actor=None)
    event = MemberEvent.objects.filter(member=member, to_state="refused")
    with pytest.raises(IntegrityError), transaction.atomic():
        event.update(text="")
    with pytest.raises(IntegrityError), transaction.atomic():
        event.update(text="", effective_on=days_ago(3), forgotten_at=member.applied_at)
    assert event.update(text="", forgotten_at=member.applied_at) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        event.update(text="again", forgotten_at=member.applied_at)


def test_an_invariant_names_a_member_whose_state_has_no_event() -> None:
    member = make_member()
    Member.objects.filter(pk=member.pk).update(state="left")
    wrong = [line for check in INVARIANTS for line in check()]
    assert wrong == [f"member {member.pk} is left, but the last event says active"]


def test_what_lies_ahead_or_before_the_application_is_not_recorded() -> None:
    member = make_member()
    with pytest.raises(NotYet):
        start_leaving(member_id=member.pk, actor=None, effective_on=days_ago(-1))
    with pytest.raises(TooEarly):
        start_leaving(member_id=member.pk, actor=None, effective_on=days_ago(1))
    assert start_leaving(member_id=member.pk, actor=None, effective_on=today()).state == "leaving"


def test_who_comes_back_is_the_same_person_with_the_same_number() -> None:
    make_cooperative()
    user = make_user()
    member = admit(member_id=applicant(user=user).pk, actor=None)
    change_state(member_id=member.pk, to="left", reason="resignation", actor=user)
    again = applicant("Ana Serra", user=user)
    assert (again.pk, again.number, again.state) == (member.pk, 1, "applicant")
    assert again.ended_on == today()
    back = admit(member_id=again.pk, actor=None)
    assert (back.number, back.state, back.ended_on) == (1, "active", None)
    assert Cooperative.objects.get().next_member_number == 2
    assert nothing_wrong()


@pytest.mark.parametrize("state", ["active", "suspended", "leaving", "deceased"])
def test_a_member_does_not_apply_again(state: str) -> None:
    make_cooperative()
    user = make_user()
    member = admit(member_id=applicant(user=user).pk, actor=None)
    reasons = {"suspended": "suspension", "leaving": "resignation", "deceased": "death"}
    if state in reasons:
        change_state(member_id=member.pk, to=state, reason=reasons[state], actor=None)
    with pytest.raises(AlreadyApplied):
        applicant(user=user)


def test_an_expulsion_by_one_person_waits_for_a_vote_unless_policy_says_otherwise() -> None:
    member, steward = make_member(), make_steward()
    with pytest.raises(DecidedByVote):
        expel(member_id=member.pk, text="Sold our readings.", actor=steward)
    agree("expulsion_by_vote", False)
    with pytest.raises(ReasonMissing):
        expel(member_id=member.pk, text=" ", actor=steward)
    out = expel(member_id=member.pk, text="Sold our readings.", actor=steward)
    assert (out.state, out.ended_on, out.decision_reason) == (
        "expelled",
        today(),
        "Sold our readings.",
    )


def test_admission_can_be_left_to_the_members() -> None:
    make_cooperative()
    waiting, steward = applicant(), make_steward()
    agree("admission_by_vote", True)
    with pytest.raises(DecidedByVote):
        admit(member_id=waiting.pk, actor=steward)
    assert admit(member_id=waiting.pk, actor=None, source="proposal:7").number == 2
    assert MemberEvent.objects.latest("pk").source == "proposal:7"


def test_an_appeal_is_made_once_answered_once_and_can_lift_the_suspension() -> None:
    member, steward = make_member(), make_steward()
    with pytest.raises(NothingToAppeal):
        make_appeal(member_id=member.pk, text="Why?", actor=member.user)
    suspend(member_id=member.pk, text="Unpaid.", appeal="To the board, 30 days.", actor=steward)
    member.refresh_from_db()
    assert may_appeal(member)
    first = make_appeal(member_id=member.pk, text="I have paid.", actor=member.user)
    assert make_appeal(member_id=member.pk, text="Really.", actor=member.user) == first
    assert not may_appeal(member)
    answer_appeal(appeal_id=first.pk, answer="So you have.", actor=steward)
    with pytest.raises(NothingToAnswer):
        answer_appeal(appeal_id=first.pk, answer="No.", actor=steward)
    change_state(member_id=member.pk, to="active", reason="appeal", actor=steward)
    assert Appeal.objects.get().answer == "So you have."
    assert nothing_wrong()


def test_a_death_recorded_by_mistake_is_corrected_by_another_event() -> None:
    member = make_member()
    change_state(member_id=member.pk, to="deceased", reason="death", actor=None)
    alive = change_state(
        member_id=member.pk, to="active", reason="correction", actor=None, text="A namesake."
    )
    assert (alive.state, alive.ended_on) == ("active", None)
    assert [reason for _old, _new, reason in story(member)][-2:] == ["death", "correction"]
