"""Mails about votes: in the member's language, with one link, once; and the record of them."""

import re

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from governance.models import Delivery, Proposal
from governance.notices import sweeps
from governance.notices.mail import tell
from governance.notices.queries import Told, told_of
from governance.services import cast, close_and_count, open_ballot, propose, publish
from members.models import Member
from payments.models import Mail
from payments.services import send_waiting
from tests.at_once import run_at_once
from tests.governance.votes import (
    Town,
    decide,
    end_voting,
    make_town,
    move,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db
EVERYBODY = 4


@pytest.fixture
def town() -> Town:
    agree("digest_hour", 0)
    return make_town()


def announced(town: Town) -> Proposal:
    draft = price_motion(town)
    return publish(proposal_id=draft.pk, actor=town.steward)


def sent() -> list[EmailMessage]:
    """What the mail server was given since the last look."""
    mail.outbox.clear()
    send_waiting()
    return list(mail.outbox)


def to(letters: list[EmailMessage], member: Member) -> list[EmailMessage]:
    assert member.user is not None
    return [letter for letter in letters if letter.to == [member.user.email]]


def speaks_german(member: Member) -> None:
    assert member.user is not None
    member.user.language = "de"
    member.user.save()


def test_notice_goes_to_every_member_once_with_one_link_and_the_hash(town: Town) -> None:
    proposal = announced(town)
    assert [sweeps.tell_notices() for _again in range(2)] == [EVERYBODY, 0]
    letters = sent()
    assert len(letters) == EVERYBODY
    for letter in letters:
        links = re.findall(r"https?://\S+", letter.body)
        assert links == [f"http://localhost/decisions/{proposal.pk}/"]
        assert proposal.notice_hash in letter.body
        assert "(Europe/Madrid)" in letter.body


def test_notice_is_in_the_language_of_its_reader(town: Town) -> None:
    speaks_german(town.members["ben"])
    proposal = announced(town)
    sweeps.tell_notices()
    letters = sent()
    ben, ana = (to(letters, town.members[name])[0] for name in ("ben", "ana"))
    assert ana.subject.startswith("To be decided: ")
    assert ben.body.startswith("Guten Tag, ben,")
    opens = timezone.localtime(proposal.opens_at)
    assert f"{opens.day}. " in ben.body
    assert f"{opens.day}. " not in ana.body


def test_the_record_of_a_notice_says_when_its_mail_left_and_not_before(town: Town) -> None:
    proposal = announced(town)
    sweeps.tell_notices()
    assert sweeps.note_mailed() == 0
    assert told_of(proposal) == Told(EVERYBODY, 0, 0)
    sent()
    assert [sweeps.note_mailed() for _again in range(2)] == [EVERYBODY, 0]
    assert told_of(proposal) == Told(EVERYBODY, EVERYBODY, 0)
    left = Mail.objects.order_by("pk").first()
    assert left is not None
    assert Delivery.objects.get(member=left.member).mailed_at == left.sent_at


def test_who_has_no_account_is_told_by_no_mail_and_none_is_recorded(town: Town) -> None:
    nobody = make_member("Nils")
    Member.objects.filter(pk=nobody.pk).update(user=None)
    proposal = announced(town)
    assert sweeps.tell_notices() == EVERYBODY
    sent()
    sweeps.note_mailed()
    assert told_of(proposal) == Told(EVERYBODY + 1, EVERYBODY, 0)


def test_attack_a_record_of_a_notice_is_not_rewritten(town: Town) -> None:
    announced(town)
    sweeps.tell_notices()
    sent()
    sweeps.note_mailed()
    for change in ({"mailed_at": None}, {"version": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Delivery.objects.update(**change)


def test_a_title_makes_no_second_link_and_no_second_line(town: Town) -> None:
    """What a member writes into a title is mailed to everybody: it must not lead anywhere."""
    title = "Pay at https://evil.example/ or www.evil.example\nBcc: all@example.org"
    proposal = Proposal(pk=7, title=title)
    context = {"author": town.members["ana"], "proposal": proposal}
    tell([town.members["ben"]], kind="mention", context=context, path="/decisions/7/", key="x")
    letter = sent()[0]
    assert re.findall(r"(?:https?://|www\.)\S+", letter.body) == ["http://localhost/decisions/7/"]
    assert "\n" not in letter.subject


def test_an_occasion_with_too_long_a_name_is_refused(town: Town) -> None:
    with pytest.raises(ValueError, match="too long"):
        tell([town.members["ben"]], kind="mention", context={}, path="/", key="x" * 91)


def test_a_digest_lists_what_needs_my_vote_and_leaves_out_who_voted(town: Town) -> None:
    first, second = open_motion(town, key="1"), open_motion(town, key="2")
    vote(town, first, ana="for")
    vote(town, second, ana="for", ben="against")
    assert [sweeps.tell_digests() for _again in range(2)] == [3, 0]
    letters = sent()
    assert to(letters, town.members["ana"]) == []
    assert to(letters, town.members["ben"])[0].subject == "1 vote needs yours"
    chloe = to(letters, town.members["chloe"])[0]
    assert chloe.subject == "2 votes need yours"
    assert chloe.body.count(first.title) == 2
    assert re.findall(r"https?://\S+", chloe.body) == ["http://localhost/decisions/"]


def test_a_digest_waits_for_an_opening_or_a_close(town: Town) -> None:
    proposal = open_motion(town)
    agree("closing_hours", 1)
    since = "notice_at = now() - interval '3 days', opens_at = now() - interval '3 days'"
    move(proposal, f"{since}, closes_at = now() + interval '3 days'")
    assert sweeps.tell_digests() == 0
    move(proposal, "closes_at = now() + interval '50 minutes'")
    assert sweeps.tell_digests() == EVERYBODY


@pytest.mark.django_db(transaction=True)
def test_a_result_goes_to_all_who_had_notice_with_the_root_of_the_board(town: Town) -> None:
    proposal = decide(town, open_motion(town), ana="for", ben="for", chloe="for")
    assert [sweeps.tell_results() for _again in range(2)] == [EVERYBODY, 0]
    letters = sent()
    root = proposal.certificate.result["board"]["root"]
    Mail.objects.filter(key__startswith="vote:result:").update(key=Concat(Value("old"), "key"))
    move(proposal, "decided_at = now() - interval '3 days'")
    assert sweeps.tell_results() == 0, "an old result is told to nobody"
    assert all(letter.subject.startswith("Carried: ") for letter in letters)
    assert all(root in letter.body for letter in letters)


@pytest.mark.django_db(transaction=True)
def test_the_result_of_a_choice_names_what_was_chosen(town: Town) -> None:
    chloe = town.members["chloe"]
    draft = propose(
        title="Which colour has the mast?",
        text="It is painted in May.",
        action="resolution",
        payload={},
        member=chloe,
        actor=chloe.user,
        kind="approval",
        options=[{"name": "green"}, {"name": "grey"}],
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=town.steward)
    for name in ("ana", "ben", "chloe"):
        member = town.members[name]
        cast(proposal_id=proposal.pk, member=member, actor=member.user, answer=["b"])
    end_voting(proposal)
    close_and_count(proposal_id=proposal.pk, actor=town.steward)
    sweeps.tell_results()
    assert all("Chosen: grey." in letter.body for letter in sent())


@pytest.mark.django_db(transaction=True)
def test_the_next_notice_repeats_the_root_of_the_board_before_it(town: Town) -> None:
    """So two members who compare mails see whether they were shown two boards."""
    before = decide(town, open_motion(town), ana="for", ben="for", chloe="for")
    later = price_motion(town, key="later")
    publish(proposal_id=later.pk, actor=town.steward)
    sweeps.tell_notices()
    root = before.certificate.result["board"]["root"]
    bodies = [m.body for m in Mail.objects.filter(key__startswith=f"vote:notice:{later.pk}:")]
    assert len(bodies) == EVERYBODY
    assert all(root in body for body in bodies)


@pytest.mark.django_db(transaction=True)
def test_race_notices_swept_six_times_at_once_go_once(town: Town) -> None:
    announced(town)
    assert all(isinstance(n, int) for n in run_at_once([sweeps.tell_notices] * 6))
    assert Mail.objects.filter(key__startswith="vote:notice:").count() == EVERYBODY
