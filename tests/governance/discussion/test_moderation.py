"""Hiding a post and showing it again: who may, who still reads it, and the trace for everybody."""

import pytest
from django.db import DatabaseError, transaction

from governance.discussion.services import hide, is_hidden, say, show
from governance.discussion.threads import Reader, Said, discussion_of
from governance.errors import ConflictOfInterest, ModerationReason, NotModerator
from governance.models import Moderation, Post, Proposal
from governance.services import propose
from members.models import Member
from tests.governance.votes import Town, make_town, price_motion
from tests.makers import make_steward

pytestmark = pytest.mark.django_db
WHY = "It insults somebody."


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def said(town: Town) -> Post:
    return by_ana(town, price_motion(town))


def by_ana(town: Town, draft: Proposal) -> Post:
    ana = town.members["ana"]
    return say(proposal_id=draft.pk, member=ana, actor=ana.user, text="You are all sheep.")


def read_by(said: Post, member: Member | None, *, oversees: bool = False) -> Said:
    reader = Reader(member, oversees, oversees)
    return discussion_of(said.proposal, reader)[0][0]


def test_what_a_steward_hides_is_read_by_its_writer_and_by_who_oversees_only(
    town: Town, said: Post
) -> None:
    hide(post_id=said.pk, actor=town.steward, reason=WHY)
    assert read_by(said, town.members["ben"]).text is None
    assert read_by(said, None).text is None
    assert read_by(said, town.members["ana"]).text == said.text
    assert read_by(said, None, oversees=True).text == said.text


def test_the_public_reads_no_text_and_members_do(town: Town, said: Post) -> None:
    assert read_by(said, None).text is None
    assert read_by(said, town.members["ben"]).text == said.text


def test_every_act_stays_with_its_reason(town: Town, said: Post) -> None:
    hide(post_id=said.pk, actor=town.steward, reason=WHY)
    show(post_id=said.pk, actor=town.steward, reason="It was meant as a joke.")
    trace = read_by(said, None).trace
    assert [(act.act, act.reason) for act in trace] == [
        ("hide", WHY),
        ("show", "It was meant as a joke."),
    ]
    assert not is_hidden(said)


@pytest.mark.parametrize("sql", ["UPDATE {} SET reason = 'none'", "DELETE FROM {}"])
def test_attack_a_rewritten_trace_is_refused_by_the_database(
    town: Town, said: Post, sql: str
) -> None:
    hide(post_id=said.pk, actor=town.steward, reason=WHY)
    rows = Moderation.objects.all()
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(reason="none") if "UPDATE" in sql else rows.delete()
    assert Moderation.objects.get().reason == WHY


def test_hidden_twice_is_hidden_once(town: Town, said: Post) -> None:
    acts = [hide(post_id=said.pk, actor=town.steward, reason=WHY) for _again in range(2)]
    assert acts[0] == acts[1]
    assert show(post_id=by_ana(town, said.proposal).pk, actor=town.steward, reason=WHY) is None


@pytest.mark.parametrize("reason", ["", "  ", "a" * 401])
def test_nothing_is_hidden_without_a_reason(town: Town, said: Post, reason: str) -> None:
    with pytest.raises(ModerationReason):
        hide(post_id=said.pk, actor=town.steward, reason=reason)
    assert not is_hidden(said)


def test_members_hide_nothing_but_their_own(town: Town, said: Post) -> None:
    ben, ana = town.members["ben"].user, town.members["ana"].user
    assert ben is not None
    assert ana is not None
    with pytest.raises(NotModerator):
        hide(post_id=said.pk, actor=ben, reason=WHY)
    hide(post_id=said.pk, actor=ana, reason="I was angry.")
    with pytest.raises(NotModerator):
        show(post_id=said.pk, actor=ben, reason=WHY)
    show(post_id=said.pk, actor=ana, reason="I still am.")
    assert not is_hidden(said)


def test_who_wrote_it_cannot_show_what_a_steward_hid(town: Town, said: Post) -> None:
    hide(post_id=said.pk, actor=town.steward, reason=WHY)
    with pytest.raises(NotModerator):
        show(post_id=said.pk, actor=town.members["ana"].user, reason="But it is true.")  # type: ignore[arg-type]


def test_attack_a_steward_hides_nothing_about_their_own_expulsion(town: Town) -> None:
    other = make_steward("Otto")
    stella = town.members["stella"]
    draft = propose(
        title="Expel Stella?",
        text="She hides what she does not like.",
        action="expel_member",
        payload={
            "member": stella.pk,
            "reason": "She hides what she does not like.",
            "appeal": "By letter to the auditors.",
        },
        member=town.members["ana"],
        actor=town.members["ana"].user,
    )
    said = by_ana(town, draft)
    with pytest.raises(ConflictOfInterest):
        hide(post_id=said.pk, actor=town.steward, reason=WHY)
    hide(post_id=said.pk, actor=other, reason=WHY)
    with pytest.raises(ConflictOfInterest):
        show(post_id=said.pk, actor=town.steward, reason=WHY)
