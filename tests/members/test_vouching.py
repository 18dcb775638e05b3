"""Vouching: who may say what of whose key, for how long, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from members.identity.errors import (
    KeyEnded,
    LastsTooLong,
    NoKey,
    NotAMember,
    NotSigned,
    OwnKey,
    StatementChanged,
    StatementTooOld,
    StatementUsed,
)
from members.identity.queries import named_paths, paths, standing_vouches
from members.models import Vouch
from members.services import (
    change_state,
    draft_vouch,
    revoke_key,
    vouch,
    withdraw_vouch,
)
from signing import strict_json
from tests.at_once import run_at_once
from tests.makers import agree, make_member
from tests.members.signers import Signer, rotate, vouch_for, with_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Signer:
    return with_key(make_member("Ana"))


@pytest.fixture
def ben() -> Signer:
    return with_key(make_member("Ben"))


def test_a_vouch_stands_until_it_expires(ana: Signer, ben: Signer) -> None:
    said = vouch_for(ana, ben, days=30)
    assert list(standing_vouches()) == [said]
    assert list(standing_vouches(said.said_at)) == [said]
    assert list(standing_vouches(said.said_at - timedelta(microseconds=1))) == []
    assert list(standing_vouches(said.expires_at - timedelta(microseconds=1))) == [said]
    assert list(standing_vouches(said.expires_at)) == []


def test_the_same_statement_twice_is_one_vouch(ana: Signer, ben: Signer) -> None:
    envelope = ana.sign(draft_vouch(voucher=ana.member, vouched=ben.member, days=30))
    sent = [vouch(voucher_id=ana.member.pk, envelope=envelope, actor=None) for _ in range(2)]
    assert sent[0] == sent[1] and Vouch.objects.count() == 1


def test_a_new_word_takes_the_place_of_the_old_one(ana: Signer, ben: Signer) -> None:
    now = timezone.now()
    first = vouch_for(ana, ben, days=30, at=now - timedelta(minutes=1))
    second = vouch_for(ana, ben, days=60, at=now)
    assert list(standing_vouches()) == [second]
    first.refresh_from_db()
    assert first.withdrawn_at == second.said_at


def test_a_withdrawn_vouch_cannot_be_sent_again(ana: Signer, ben: Signer) -> None:
    envelope = ana.sign(draft_vouch(voucher=ana.member, vouched=ben.member, days=30))
    said = vouch(voucher_id=ana.member.pk, envelope=envelope, actor=None)
    withdrawn = withdraw_vouch(vouch_id=said.pk, actor=None)
    assert withdraw_vouch(vouch_id=said.pk, actor=None).withdrawn_at == withdrawn.withdrawn_at
    for again in (envelope, replace(envelope, signatures=envelope.signatures * 2)):
        with pytest.raises(StatementUsed):
            vouch(voucher_id=ana.member.pk, envelope=again, actor=None)
    assert list(standing_vouches()) == []


def test_a_forged_word_is_refused(ana: Signer, ben: Signer) -> None:
    draft = draft_vouch(voucher=ana.member, vouched=ben.member, days=30)
    with pytest.raises(NotSigned):
        vouch(voucher_id=ana.member.pk, envelope=ben.sign(draft), actor=None)
    words = strict_json.loads(draft.payload)
    longer = {**words, "expires_at": "2099-01-01T00:00:00+00:00"}
    forged = replace(draft, payload=strict_json.dumps(longer))
    with pytest.raises(StatementChanged):
        vouch(voucher_id=ana.member.pk, envelope=ana.sign(forged), actor=None)


def test_nobody_sends_another_members_word(ana: Signer, ben: Signer) -> None:
    cleo = with_key(make_member("Cleo"))
    envelope = ana.sign(draft_vouch(voucher=ana.member, vouched=ben.member, days=30))
    with pytest.raises(NotSigned):
        vouch(voucher_id=cleo.member.pk, envelope=envelope, actor=None)
    # Cleo's own signature beside it does not make Ana's words hers.
    both = replace(
        envelope,
        signatures=(
            *envelope.signatures,
            *cleo.sign(draft_vouch(voucher=ana.member, vouched=ben.member, days=30)).signatures,
        ),
    )
    with pytest.raises((NotSigned, StatementChanged)):
        vouch(voucher_id=cleo.member.pk, envelope=both, actor=None)


def test_an_old_statement_is_refused(ana: Signer, ben: Signer) -> None:
    with pytest.raises(StatementTooOld):
        vouch_for(ana, ben, at=timezone.now() - timedelta(days=1, minutes=1))


def test_policy_bounds_how_long_it_holds(ana: Signer, ben: Signer) -> None:
    agree("vouch_days", 60)
    for days in (0, 61):
        with pytest.raises(LastsTooLong):
            draft_vouch(voucher=ana.member, vouched=ben.member, days=days)
    draft = draft_vouch(voucher=ana.member, vouched=ben.member, days=60)
    agree("vouch_days", 30)
    with pytest.raises(LastsTooLong):
        vouch(voucher_id=ana.member.pk, envelope=ana.sign(draft), actor=None)


def test_both_need_a_current_key_and_a_membership(ana: Signer, ben: Signer) -> None:
    without = make_member("Cleo")
    for pair in ((ana.member, without), (without, ana.member)):
        with pytest.raises(NoKey):
            draft_vouch(voucher=pair[0], vouched=pair[1], days=30)
    with pytest.raises(OwnKey):
        draft_vouch(voucher=ana.member, vouched=ana.member, days=30)
    change_state(member_id=ben.member.pk, to="left", reason="resignation", actor=None)
    ben.member.refresh_from_db()
    with pytest.raises(NotAMember):
        draft_vouch(voucher=ana.member, vouched=ben.member, days=30)


def test_a_word_over_a_key_that_changed_meanwhile_is_refused(ana: Signer, ben: Signer) -> None:
    draft = draft_vouch(voucher=ana.member, vouched=ben.member, days=30)
    rotate(ben)
    with pytest.raises(StatementChanged):
        vouch(voucher_id=ana.member.pk, envelope=ana.sign(draft), actor=None)
    draft = draft_vouch(voucher=ana.member, vouched=ben.member, days=30)
    rotate(ana)
    with pytest.raises(KeyEnded):
        vouch(voucher_id=ana.member.pk, envelope=ana.sign(draft), actor=None)


@pytest.mark.parametrize("whose", [0, 1])
def test_a_vouch_ends_with_either_key(ana: Signer, ben: Signer, whose: int) -> None:
    vouch_for(ana, ben)
    assert len(paths(ana.member, ben.member)) == 1
    revoke_key(member_id=(ana, ben)[whose].member.pk, end="exposed", actor=None)
    assert list(standing_vouches()) == []
    assert paths(ana.member, ben.member) == []


def test_the_database_keeps_a_vouch_as_it_was_signed(ana: Signer, ben: Signer) -> None:
    said = vouch_for(ana, ben)
    later = said.expires_at + timedelta(days=1)
    for change in ({"expires_at": later}, {"withdrawn_at": None}, {"voucher": ben.member}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Vouch.objects.update(**change)
    withdraw_vouch(vouch_id=said.pk, actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vouch.objects.update(withdrawn_at=later)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vouch.objects.all().delete()


def test_a_path_names_the_people_on_it(ana: Signer, ben: Signer) -> None:
    cleo = with_key(make_member("Cleo"))
    vouch_for(ana, ben)
    vouch_for(ben, cleo)
    assert [[step.name for step in path] for path in named_paths(ana.member, cleo.member)] == [
        ["Ana", "Ben", "Cleo"]
    ]
    assert named_paths(cleo.member, ana.member) == []


@pytest.mark.django_db(transaction=True)
def test_two_who_vouch_for_each_other_at_once_do_not_wait_in_a_circle() -> None:
    pairs = [(with_key(make_member()), with_key(make_member())) for _ in range(5)]
    ways = [way for one, other in pairs for way in ((one, other), (other, one))]
    results = run_at_once([lambda w=way: vouch_for(*w) for way in ways])
    assert [type(result) for result in results] == [Vouch] * 10
