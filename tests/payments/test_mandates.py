"""Mandates: given, changed and ended by the member."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from members.models import Member, User
from members.services import appoint_representative
from payments.errors import MandateEnded, NotAnIban, NotTheirs, ReasonNeeded
from payments.models import Mandate
from payments.queries import current_mandate
from payments.services import (
    amend_mandate,
    dispute_charge,
    give_mandate,
    mark_mandate,
    note_collection,
    revoke_mandate,
    set_bank_account,
)
from tests.at_once import run_at_once
from tests.makers import charge_period, make_member, make_pool, make_user
from tests.payments.paying_out import THEIR_IBAN, spanish_iban

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "I let the cooperative collect what I owe."


def user_of(member: Member) -> User:
    assert member.user is not None
    return member.user


def given(name: str = "Mia") -> Mandate:
    member = make_member(name)
    return give_mandate(
        member=member, holder=name, iban=THEIR_IBAN, bic="", consent=WORDS, language="en",
        actor=user_of(member),
    )  # fmt: skip


def test_a_mandate_keeps_the_words_and_is_given_once() -> None:
    mandate = given()
    member = mandate.member
    assert (mandate.consent, mandate.iban) == (WORDS, THEIR_IBAN)
    again = run_at_once(
        [
            lambda: give_mandate(
                member=member, holder="Mia", iban=THEIR_IBAN, bic="", consent=WORDS,
                language="en", actor=user_of(member),
            ).pk
        ]
        * 6
    )  # fmt: skip
    assert again == [mandate.pk] * 6
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.filter(pk=mandate.pk).update(consent="other words")


def test_only_the_member_gives_and_changes_it() -> None:
    mandate = given()
    stranger = make_user()
    with pytest.raises(NotTheirs):
        amend_mandate(mandate_id=mandate.pk, holder="Mia", iban=THEIR_IBAN, bic="", actor=stranger)
    with pytest.raises(ReasonNeeded):
        revoke_mandate(mandate_id=mandate.pk, reason="", actor=stranger)
    with pytest.raises(NotAnIban):
        amend_mandate(
            mandate_id=mandate.pk, holder="Mia", iban="DE00", bic="", actor=user_of(mandate.member)
        )


def test_another_account_is_told_to_the_bank_once() -> None:
    mandate = given()
    note_collection(mandate, day=mandate.signed_on, told_in="M1")
    user = user_of(mandate.member)
    other = spanish_iban(5)
    for _again in range(2):
        mandate = amend_mandate(mandate_id=mandate.pk, holder="Mia", iban=other, bic="", actor=user)
    assert [a.old_iban for a in mandate.amendments.all()] == [THEIR_IBAN]
    note_collection(mandate, day=mandate.signed_on, told_in="M2")
    assert mandate.amendments.get().told_in == "M2"


def test_ended_is_ended_and_a_new_one_has_its_own_reference() -> None:
    mandate = given()
    member, user = mandate.member, user_of(mandate.member)
    for _again in range(2):
        revoke_mandate(mandate_id=mandate.pk, reason="", actor=user)
    assert current_mandate(member) is None
    with pytest.raises(MandateEnded):
        amend_mandate(mandate_id=mandate.pk, holder="Mia", iban=THEIR_IBAN, bic="", actor=user)
    second = give_mandate(
        member=member, holder="Mia", iban=THEIR_IBAN, bic="", consent=WORDS, language="en",
        actor=user,
    )  # fmt: skip
    assert second.reference != mandate.reference


@pytest.mark.parametrize(("code", "ends"), [("AC04", True), ("MD01", True), ("AM04", False)])
def test_some_reasons_end_a_mandate(code: str, ends: bool) -> None:
    mandate = given()
    note_collection(mandate, day=mandate.signed_on, told_in="M1")
    mark_mandate(mandate_id=mandate.pk, reason_code=code, first=True, actor=None)
    mandate.refresh_from_db()
    assert (mandate.ended_at is not None, mandate.collected_on) == (ends, None)


def test_whoever_stands_for_an_organisation_does_what_a_member_does() -> None:
    mill, user, client = make_member("The Mill"), make_user(), Client()
    Member.objects.filter(pk=mill.pk).update(kind=Member.Kind.ORGANISATION, user=None)
    mill.refresh_from_db()
    charge = charge_period(mill, make_pool(), cost=500, profit=0, code="2026-06")
    account = {"holder": "Mill", "iban": spanish_iban(11), "bic": ""}
    name_account = partial(set_bank_account, member=mill, actor=user, **account)
    give = partial(give_mandate, member=mill, actor=user, consent=WORDS, language="en", **account)
    client.force_login(user)
    assert client.get(f"/statement/{charge.pk}/").status_code == 404
    with pytest.raises(ReasonNeeded):
        name_account()
    with pytest.raises(NotTheirs):
        give()
    appoint_representative(member_id=mill.pk, user=user, source="Register", actor=None)
    assert client.get(f"/statement/{charge.pk}/").status_code == 200
    assert name_account().set_by == user
    assert give().given_by == user
    assert dispute_charge(charge_id=charge.pk, reason="Not ours.", actor=user).by == user
