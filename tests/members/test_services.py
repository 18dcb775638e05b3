"""The register: numbers without gaps, applications, offices."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ledger.models import Commodity
from members import bylaws
from members.errors import (
    AddressTaken,
    AlreadyApplied,
    AlreadyFounded,
    BylawsNotAccepted,
    NameMissing,
    NotAnApplicant,
    ReasonMissing,
    RoleNotHeld,
)
from members.invariants import member_numbers_have_no_gap
from members.models import Cooperative, Member, Role, User
from members.queries import active_members, applicants, is_steward, member_of
from members.services import (
    admit,
    apply,
    end_role,
    found_cooperative,
    grant_role,
    refuse,
    register_user,
)
from tests.makers import PASSWORD, make_cooperative, make_member, make_user

pytestmark = pytest.mark.django_db


def application(user: User | None = None, name: str = "Ana", version: str = "") -> Member:
    return apply(
        user=user,
        name=name,
        kind=Member.Kind.PERSON,
        address="Ridge Road 1",
        bylaws_version=version or bylaws.VERSION,
        consents_to_conversion=True,
        actor=user,
    )


def test_an_admitted_applicant_gets_the_next_number() -> None:
    make_cooperative()
    numbers = [admit(member_id=application(name=n).pk, actor=None).number for n in "ABC"]
    assert numbers == [1, 2, 3]
    assert Cooperative.objects.get().next_member_number == 4
    assert member_numbers_have_no_gap() == []


def test_admitting_twice_gives_one_number() -> None:
    make_cooperative()
    member = application()
    assert admit(member_id=member.pk, actor=None) == admit(member_id=member.pk, actor=None)
    assert Cooperative.objects.get().next_member_number == 2


def test_a_number_is_not_lost_where_the_transaction_fails() -> None:
    make_cooperative()
    sid = transaction.savepoint()
    admit(member_id=application().pk, actor=None)
    transaction.savepoint_rollback(sid)
    assert admit(member_id=application().pk, actor=None).number == 1


def test_a_refused_applicant_reads_the_reason_and_may_apply_again() -> None:
    make_cooperative()
    user = make_user()
    member = application(user)
    refused = refuse(member_id=member.pk, reason=" Live elsewhere. ", actor=None)
    assert (refused.state, refused.decision_reason) == (Member.State.REFUSED, "Live elsewhere.")
    assert refuse(member_id=member.pk, reason="again", actor=None).decision_reason != "again"
    with pytest.raises(NotAnApplicant):
        admit(member_id=member.pk, actor=None)
    again = application(user, name="Ana Serra")
    assert (again.pk, again.state, again.name) == (member.pk, "applicant", "Ana Serra")
    assert admit(member_id=again.pk, actor=None).number == 1


def test_an_admitted_member_cannot_be_refused() -> None:
    with pytest.raises(NotAnApplicant):
        refuse(member_id=make_member().pk, reason="late", actor=None)


def test_a_refusal_needs_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        refuse(member_id=application().pk, reason="  ", actor=None)


def test_an_application_needs_a_name_and_the_bylaws_in_force() -> None:
    with pytest.raises(NameMissing):
        application(name="  ")
    with pytest.raises(BylawsNotAccepted):
        application(version="1999-01")


def test_a_user_applies_once() -> None:
    user = make_user()
    application(user)
    with pytest.raises(AlreadyApplied):
        application(user)
    assert applicants().count() == 1


def test_an_address_is_registered_once_whatever_its_case() -> None:
    register_user(email="Ana@Example.org", password=PASSWORD)
    with pytest.raises(AddressTaken):
        register_user(email="ana@example.ORG", password=PASSWORD)
    with pytest.raises(ValidationError):
        register_user(email="ben@example.org", password="12345678")


def test_a_site_serves_one_cooperative() -> None:
    assert make_cooperative() == make_cooperative()
    assert Commodity.objects.get(code="EUR").exponent == 2
    with pytest.raises(AlreadyFounded):
        found_cooperative(name="Other", legal_name="O", currency="EUR", timezone="UTC")


def test_an_office_is_held_until_it_ends() -> None:
    user = make_user()
    assert not is_steward(user)
    first = grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="founding")
    assert grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="x") == first
    assert is_steward(user)
    end_role(user=user, name=Role.Name.STEWARD, actor=None, source="proposal:1")
    assert not is_steward(user)
    with pytest.raises(RoleNotHeld):
        end_role(user=user, name=Role.Name.STEWARD, actor=None, source="proposal:2")
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="proposal:3")
    assert is_steward(user)


def test_members_are_found_by_user_and_listed_by_number() -> None:
    ben, ana = make_member("Ben"), make_member("Ana")
    assert list(active_members()) == [ben, ana]
    assert member_of(ana.user) == ana
    assert member_of(None) is None


@pytest.mark.parametrize("change", [{"number": 9}, {"number": None, "state": "applicant"}])
def test_the_database_keeps_a_number_for_ever(change: dict[str, object]) -> None:
    make_member()
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.update(**change)


def test_the_database_keeps_members_and_their_counter() -> None:
    make_member()
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Cooperative.objects.update(next_member_number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(name="Nobody", state=Member.State.ACTIVE)
