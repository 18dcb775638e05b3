"""R18: petitions call recalls by themselves, and nobody runs a vote on themselves."""

import pytest
from django.db import transaction

from governance.actions import ACTIONS
from governance.errors import (
    CalledByOthers,
    ConflictOfInterest,
    NoPower,
    NotInOffice,
    NotYours,
    PetitionNeeded,
    PetitionOver,
    PetitionRuns,
)
from governance.models import Petition, Proposal
from governance.offices.emergencies import call_emergency
from governance.offices.petitions import (
    open_petition,
    sign_petition,
    sweep_petitions,
    withdraw_signature,
)
from governance.offices.queries import support_of
from governance.services import (
    advance,
    amend,
    close_and_count,
    execute,
    open_ballot,
    propose,
    withdraw,
)
from members.queries import is_steward
from tests.governance.offices.people import a_node, counted_by_time, full_town
from tests.governance.votes import Town, as_owner, broken, end_voting, move
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "They closed the desk for months."


def petition_against(town: Town, name: str, *, by: str = "chloe") -> Petition:
    """A petition of one member against a steward."""
    return open_petition(
        member=town.members[name], office="steward", text=WHY, opened_by=town.members[by],
        actor=town.members[by].user,
    )  # fmt: skip


def sign(town: Town, petition: Petition, *names: str) -> Petition:
    for name in names:
        member = town.members[name]
        petition = sign_petition(petition_id=petition.pk, member=member, actor=member.user)
    return petition


def big_town() -> Town:
    """Twenty-one users, of whom two are owners: three signatures, or one owner's."""
    town, _stewards = full_town(stewards=5)
    for place in range(13):
        make_member(f"m{place}")
    return town


def test_boundary_petition_of_a_tenth_of_the_users() -> None:
    town = big_town()
    petition = petition_against(town, "stella")
    support = support_of(petition)
    assert (support.users, support.all_users, support.users_needed) == (1, 21, 3)
    assert sign(town, petition, "steward2").proposal is None
    called = sign(town, petition, "steward3").proposal
    assert called is not None
    assert (called.state, called.because, called.action) == ("notice", "recall", "recall_steward")
    assert called.terms is not None and called.terms["chambers"] == ["users"]
    assert called.title == f"Recall of member {town.members['stella'].number}, steward"
    with pytest.raises(PetitionOver):
        sign(town, petition, "steward4")


def test_boundary_petition_of_a_tenth_of_the_owners() -> None:
    town = big_town()
    petition = petition_against(town, "stella")
    assert support_of(petition).owners_needed == 1
    assert sign(town, petition, "ana").proposal is not None


def test_a_signature_is_taken_back_and_given_again_and_counts_once() -> None:
    town = big_town()
    petition = petition_against(town, "stella")
    sign(town, petition, "steward2", "steward2")
    steward2 = town.members["steward2"]
    withdraw_signature(petition_id=petition.pk, member=steward2, actor=None)
    assert support_of(petition).users == 1
    sign(town, petition, "steward2")
    assert support_of(petition).users == 2


def test_one_petition_at_a_time_against_who_holds_the_office() -> None:
    town = big_town()
    petition = petition_against(town, "stella")
    assert petition_against(town, "stella") == petition
    with pytest.raises(PetitionRuns):
        petition_against(town, "stella", by="steward2")
    with pytest.raises(NotInOffice):
        petition_against(town, "ana")
    with transaction.atomic():
        as_owner(f"UPDATE governance_petition SET until = now() WHERE id = {petition.pk}")
    with pytest.raises(PetitionOver):
        sign(town, petition, "ana")
    assert petition_against(town, "stella", by="steward2").pk != petition.pk


def test_a_petition_that_a_shrinking_roll_reaches_is_called_by_time() -> None:
    town = big_town()
    petition = sign(town, petition_against(town, "stella"), "steward2")
    assert sweep_petitions() == 0
    with transaction.atomic():
        as_owner("UPDATE members_member SET state = 'left' WHERE name LIKE 'm%'")
    assert (sweep_petitions(), sweep_petitions()) == (1, 0)
    petition.refresh_from_db()
    assert petition.proposal is not None and petition.proposal.state == "notice"


def test_nobody_proposes_a_recall_without_a_petition() -> None:
    town = big_town()
    payload = {"member": town.members["stella"].pk}
    with pytest.raises(PetitionNeeded):
        ACTIONS["recall_steward"].check(payload)
    with pytest.raises(PetitionNeeded):
        propose(
            title="T", text="W", action="recall_steward", payload=payload,
            member=town.members["chloe"], actor=None,
        )  # fmt: skip


def test_attack_steward_administering_own_recall() -> None:
    town = big_town()
    stella = town.steward
    petition = sign(town, petition_against(town, "stella"), "ana")
    vote = petition.proposal
    assert vote is not None
    open_ballot(proposal_id=vote.pk, actor=None)
    end_voting(vote)
    with pytest.raises(ConflictOfInterest):
        close_and_count(proposal_id=vote.pk, actor=stella)
    for actor, refusal in ((stella, NotYours), (town.members["chloe"].user, CalledByOthers)):
        assert actor is not None
        with pytest.raises(refusal):
            withdraw(proposal_id=vote.pk, actor=actor)
        with pytest.raises((CalledByOthers, NotYours)):
            amend(proposal_id=vote.pk, actor=actor, text="Stella is wonderful.")
    with pytest.raises(NoPower):
        call_emergency(node=a_node(), reason="r", evidence="e", actor=stella)
    move(vote, "state = 'timelocked', executes_from = now()")
    with pytest.raises(ConflictOfInterest):
        execute(proposal_id=vote.pk, actor=stella)


def test_a_recalled_steward_is_out_of_office_at_once_and_by_this_vote() -> None:
    town = big_town()
    agree("timelock_seconds", 0)
    vote = sign(town, petition_against(town, "stella"), "ana").proposal
    assert vote is not None
    open_ballot(proposal_id=vote.pk, actor=None)
    names = ("ana", "ben", "chloe", "steward2", "steward3")
    decided = counted_by_time(town, vote, **dict.fromkeys(names, "for"))
    assert decided.certificate.result["chambers"][0]["chamber"] == "users"
    assert is_steward(town.steward)
    advance()
    decided.refresh_from_db()
    assert decided.state == Proposal.State.EXECUTED
    assert not is_steward(town.steward)
    assert broken() == []
    with pytest.raises(NotInOffice):
        petition_against(town, "stella")


def test_a_recall_waits_for_the_longest_time() -> None:
    town = big_town()
    agree("timelock_seconds", 50)
    agree("timelock_rights_seconds", 70)
    vote = sign(town, petition_against(town, "stella"), "ana").proposal
    assert vote is not None and vote.terms is not None
    assert vote.terms["timelock_seconds"] == 70
