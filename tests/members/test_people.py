"""Contact data and their end, nominees, representatives, links, bylaws, offices."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from members.errors import (
    BylawsExist,
    BylawsNotAccepted,
    EndsTooSoon,
    LastSteward,
    NotAnOrganisation,
    NothingToRevoke,
    ReasonMissing,
    SameMember,
    UnknownBylaws,
)
from members.models import Contact, Member, Nominee, Particulars, Role
from members.queries import (
    alike,
    bylaws_in_force,
    bylaws_to_accept,
    contact_of,
    is_auditor,
    is_steward,
    linked_with,
    member_of,
    nominee_of,
)
from members.services import (
    admit,
    appoint_representative,
    change_contact,
    change_state,
    consent_to_bylaws,
    end_representation,
    end_role,
    expel,
    finish_leaving,
    forget_contacts,
    grant_role,
    link_members,
    name_nominee,
    publish_bylaws,
    refuse,
    revoke_nominee,
    start_leaving,
    suspend,
    unlink_members,
)
from tests.makers import agree, make_cooperative, make_member, make_steward, make_user
from tests.members.lives import applicant, days_ago, today

pytestmark = pytest.mark.django_db


def test_contact_data_are_versions_and_the_last_one_counts() -> None:
    member = make_member()
    assert member.user is not None
    first = contact_of(member)
    assert first is not None
    assert first.email == member.user.email
    change_contact(member_id=member.pk, phone="+34 1", way="phone", actor=None)
    again = change_contact(member_id=member.pk, phone="+34 1", way="phone", actor=None)
    assert contact_of(member) == again
    assert Contact.objects.filter(member=member).count() == 2


def test_contact_data_are_forgotten_so_long_after_leaving_and_the_register_stays() -> None:
    agree("contact_retention_days", 30)
    left, here = make_member("Ana"), make_member("Ben")
    name_nominee(member_id=left.pk, name="Nico", contact="Mill Lane", actor=None)
    refused = refuse(member_id=applicant("Carla", phone="1").pk, reason="No.", actor=None)
    change_state(member_id=left.pk, to="left", reason="resignation", actor=None)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert forget_contacts() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert forget_contacts() == 3
        assert forget_contacts() == 0
    assert contact_of(left) is None
    assert contact_of(refused) is None
    assert contact_of(here) is not None
    assert Nominee.objects.get().name == ""
    assert Particulars.objects.get(member=left).name == "Ana"


def test_one_nominee_at_a_time_dated_and_revocable() -> None:
    ana, ben = make_member("Ana"), make_member("Ben")
    first = name_nominee(member_id=ana.pk, name="Ben", nominee_id=ben.pk, actor=ana.user)
    assert name_nominee(member_id=ana.pk, name="Ben", nominee_id=ben.pk, actor=None) == first
    second = name_nominee(member_id=ana.pk, name="Nico", actor=ana.user, named_on=days_ago(2))
    assert nominee_of(ana) == second
    first.refresh_from_db()
    assert first.revoked_at is not None
    revoke_nominee(member_id=ana.pk, actor=ana.user)
    assert nominee_of(ana) is None
    with pytest.raises(NothingToRevoke):
        revoke_nominee(member_id=ana.pk, actor=ana.user)
    with pytest.raises(SameMember):
        name_nominee(member_id=ana.pk, name="Ana", nominee_id=ana.pk, actor=ana.user)


def test_a_representative_stands_for_the_organisation_until_it_ends() -> None:
    make_cooperative()
    mill = admit(member_id=applicant("Mill GmbH", kind="organisation").pk, actor=None)
    user = make_user()
    row = appoint_representative(member_id=mill.pk, user=user, source="Register", actor=None)
    again = appoint_representative(member_id=mill.pk, user=user, source="Register", actor=None)
    assert again == row
    assert member_of(user) == mill
    end_representation(representative_id=row.pk, actor=None)
    assert member_of(user) is None
    with pytest.raises(NothingToRevoke):
        end_representation(representative_id=row.pk, actor=None)


def test_a_representative_who_is_a_member_stands_for_themselves() -> None:
    ana = make_member()
    assert ana.user is not None
    mill = admit(member_id=applicant("Mill GmbH", kind="organisation").pk, actor=None)
    appoint_representative(member_id=mill.pk, user=ana.user, source="Register", actor=None)
    assert member_of(ana.user) == ana
    with pytest.raises(NotAnOrganisation):
        appoint_representative(member_id=ana.pk, user=make_user(), source="x", actor=None)


def test_links_reach_through_others_and_end() -> None:
    a, b, c, d = (make_member(name) for name in "ABCD")
    link_members(member_id=b.pk, other_id=a.pk, reason="one household", actor=None)
    second = link_members(member_id=b.pk, other_id=c.pk, reason="one firm", actor=None)
    assert link_members(member_id=c.pk, other_id=b.pk, reason="again", actor=None) == second
    assert linked_with(a) == {a.pk, b.pk, c.pk}
    assert linked_with(d) == {d.pk}
    unlink_members(link_id=second.pk, actor=None)
    assert linked_with(a) == {a.pk, b.pk}
    assert linked_with(c) == {c.pk}
    with pytest.raises(NothingToRevoke):
        unlink_members(link_id=second.pk, actor=None)
    with pytest.raises(SameMember):
        link_members(member_id=a.pk, other_id=a.pk, reason="x", actor=None)
    with pytest.raises(ReasonMissing):
        link_members(member_id=a.pk, other_id=d.pk, reason=" ", actor=None)


def test_who_might_be_the_same_is_a_hint_and_nobody_is_merged() -> None:
    make_cooperative()
    born = days_ago(9000)
    first = applicant("Ana Ortiz", born_on=born, email="ana@example.org")
    namesake = applicant("ANA ORTIZ", born_on=days_ago(8000))
    same_day = applicant("ana ortiz", born_on=born)
    same_mail = applicant("A. O.", email="Ana@Example.org")
    assert alike(first) == [same_day, same_mail]
    assert alike(namesake) == []
    link_members(member_id=first.pk, other_id=same_day.pk, reason="one person", actor=None)
    assert alike(first) == [same_mail]
    assert Member.objects.count() == 4


def test_a_new_version_of_the_bylaws_asks_again_and_the_old_consent_stays() -> None:
    member = make_member()
    first = bylaws_in_force()
    assert bylaws_to_accept(member) is None
    publish_bylaws(version="2027-01", text="One.\nTwo.", actor=None, source="meeting")
    assert [bylaws_in_force(today()).version, bylaws_in_force(days_ago(-9)).version] == [
        "2027-01"
    ] * 2
    to_accept = bylaws_to_accept(member)
    assert to_accept is not None
    assert to_accept.version == "2027-01"
    for _again in range(2):
        consent_to_bylaws(member_id=member.pk, version="2027-01", actor=member.user)
    assert bylaws_to_accept(member) is None
    versions = member.consents.order_by("pk").values_list("bylaws__version", flat=True)
    assert list(versions) == [first.version, "2027-01"]
    with pytest.raises(BylawsNotAccepted):
        applicant("Late")
    with pytest.raises(UnknownBylaws):
        consent_to_bylaws(member_id=member.pk, version="never", actor=None)


def test_bylaws_of_a_day_to_come_are_not_in_force_and_a_text_never_changes() -> None:
    make_cooperative()
    row = publish_bylaws(version="2", text="New.", actor=None, source="m", valid_from=days_ago(-5))
    assert bylaws_in_force().version != "2"
    assert bylaws_in_force(days_ago(-5)) == row
    assert publish_bylaws(version="2", text="New.", actor=None, source="m") == row
    with pytest.raises(BylawsExist):
        publish_bylaws(version="2", text="Other.", actor=None, source="m")
    with pytest.raises(IntegrityError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(text="Other.")


def test_an_office_with_a_term_ends_by_itself_and_can_be_granted_again() -> None:
    user = make_user()
    until = timezone.now() + timedelta(days=10)
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="meeting", until=until)
    assert is_steward(user)
    with time_machine.travel(until + timedelta(seconds=1)):
        assert not is_steward(user)
        grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="next meeting")
        assert is_steward(user)
    assert Role.objects.filter(user=user).count() == 2
    with pytest.raises(EndsTooSoon):
        grant_role(user=user, name="auditor", actor=None, source="x", until=timezone.now())


def test_nobody_ends_the_last_stewards_office_but_a_decision_can() -> None:
    steward = make_steward()
    with pytest.raises(LastSteward):
        end_role(user=steward, name="steward", actor=steward, source="tired")
    make_steward("Second")
    end_role(user=steward, name="steward", actor=steward, source="tired")
    assert not is_steward(steward)


@pytest.mark.django_db
def test_offices_rest_while_suspended_and_end_with_the_membership() -> None:
    make_cooperative()
    first, user = make_steward(), make_user()
    member = make_member("Ben", user=user)
    grant_role(user=user, name=Role.Name.STEWARD, actor=first, source="meeting")
    suspend(member_id=member.pk, text="Unpaid.", actor=first)
    assert not is_steward(user) and not is_auditor(user)
    change_state(member_id=member.pk, to="active", reason="reinstatement", actor=first)
    assert is_steward(user)
    expel(member_id=member.pk, text="Unpaid.", actor=first, source="proposal:7")
    assert not is_steward(user)
    assert Role.objects.get(user=user).ended_by == "proposal:7"


@pytest.mark.django_db
@pytest.mark.parametrize("to", ["leaving", "left"])
def test_the_last_steward_hands_over_before_going(to: str) -> None:
    make_cooperative()
    steward = make_steward()
    go = partial(
        change_state, member_id=steward.member.pk, to=to, reason="resignation", actor=steward
    )
    with pytest.raises(LastSteward):
        go()
    user = make_user()
    make_member("Ben", user=user)
    grant_role(user=user, name=Role.Name.STEWARD, actor=steward, source="meeting")
    assert go().state == to
    assert is_steward(steward) == (to == "leaving")


@pytest.mark.django_db
def test_where_the_notice_of_the_only_steward_runs_out_somebody_can_still_hand_over() -> None:
    make_cooperative()
    steward = make_steward()
    start_leaving(member_id=steward.member.pk, actor=None)
    assert finish_leaving(member_id=steward.member.pk, actor=None).state == "left"
    assert is_steward(steward)


@pytest.mark.django_db
def test_who_was_brought_back_to_leaving_by_a_correction_can_leave() -> None:
    make_cooperative()
    steward, member = make_steward(), make_member("Ben")
    start_leaving(member_id=member.pk, reason="transfer", actor=member.user)
    finish_leaving(member_id=member.pk, actor=steward)
    change_state(member_id=member.pk, to="leaving", reason="correction", actor=steward)
    left = finish_leaving(member_id=member.pk, actor=steward)
    assert left.events.latest("pk").reason == "transfer"
