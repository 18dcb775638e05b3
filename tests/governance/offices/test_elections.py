"""R18: who stands, who is elected, for how long, and how offices end."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.actions import ACTIONS
from governance.errors import CannotStand, NotAnElection, SeatsTaken
from governance.models import Candidate, Execution, Proposal, RollRow, Term
from governance.offices.candidates import name_candidate, stand, withdraw_candidate
from governance.offices.officers import drawn, step_down, sweep_terms
from governance.services import advance, amend, cast, open_ballot, propose, publish
from ledger.errors import DomainError
from members.errors import LastSteward
from members.models import Role, User
from members.queries import is_auditor, is_steward, roles_in_term
from tests.governance.votes import Town, as_owner, broken, end_voting, make_town
from tests.makers import agree, make_member, make_steward

pytestmark = pytest.mark.django_db(transaction=True)
TERM = timedelta(days=730)


def an_election(
    town: Town, *, action: str = "elect_stewards", seats: int = 2, **payload: Any
) -> Proposal:
    """The draft of an election by Chloe."""
    agree("timelock_seconds", 0)
    chloe = town.members["chloe"]
    return propose(
        title="Stewards for two years", text="The terms end.", action=action, payload=payload,
        kind="stv", seats=seats, member=chloe, actor=chloe.user,
    )  # fmt: skip


def standing(town: Town, election: Proposal, *names: str) -> None:
    for name in names:
        member = town.members[name]
        stand(proposal_id=election.pk, member=member, actor=member.user, statement="I will.")


def held(town: Town, election: Proposal, *ranks: str, by: User | None = None) -> Proposal:
    """The election held: everybody ranks these members in this order."""
    publish(proposal_id=election.pk, actor=by or town.steward)
    open_ballot(proposal_id=election.pk, actor=None)
    answer = [[f"m{town.members[name].number}"] for name in ranks]
    voters = RollRow.objects.filter(chamber__proposal=election, chamber__votes=True)
    for row in voters.select_related("member"):
        cast(proposal_id=election.pk, member=row.member, answer=answer, actor=row.member.user)
    end_voting(election)
    advance()
    advance()
    election.refresh_from_db()
    return election


def test_candidates_are_who_accepted_before_the_notice() -> None:
    town = make_town()
    election = an_election(town)
    ana, ben, chloe = (town.members[name] for name in ("ana", "ben", "chloe"))
    standing(town, election, "chloe")
    for member in (ana, ben):
        name_candidate(proposal_id=election.pk, member=member, named_by=chloe, actor=chloe.user)
    standing(town, election, "ana", "stella")
    withdraw_candidate(proposal_id=election.pk, member=town.members["stella"], actor=None)
    announced = publish(proposal_id=election.pk, actor=town.steward)
    assert [option["id"] for option in announced.options] == [f"m{ana.number}", f"m{chloe.number}"]
    with pytest.raises(NotAnElection):
        standing(town, election, "ben")
    with pytest.raises(IntegrityError), transaction.atomic():
        Candidate.objects.filter(member=ben).update(accepted_at=timezone.now())


def test_attack_candidates_whom_only_the_proposer_names() -> None:
    town = make_town()
    election = an_election(town)
    standing(town, election, "ana")
    ben = town.members["ben"]
    forged = [{"name": "Ben", "member": ben.number}]
    chloe = town.members["chloe"].user
    assert chloe is not None
    amend(proposal_id=election.pk, actor=chloe, options=forged)
    announced = publish(proposal_id=election.pk, actor=town.steward)
    assert [option["id"] for option in announced.options] == [f"m{town.members['ana'].number}"]


def test_who_was_elected_takes_office_and_the_first_terms_are_staggered() -> None:
    town = make_town()
    election = an_election(town, seats=3)
    standing(town, election, "ana", "ben", "chloe")
    done = held(town, election, "chloe", "ana", "ben")
    assert done.state == Proposal.State.EXECUTED
    terms = list(Term.objects.order_by("pk"))
    assert terms[0].member == town.members["chloe"]
    assert [term.ends_at - term.starts_at for term in terms] == [TERM, TERM, TERM / 2]
    for term in terms:
        role = roles_in_term().get(user=term.member.user_id, name=Role.Name.STEWARD)
        assert (role.until, role.source) == (term.ends_at, f"proposal:{done.pk}")
    assert is_steward(town.steward)  # there are seats enough
    assert [e["kind"] for e in Execution.objects.get().effects] == ["office"] * 3
    assert broken() == []
    with transaction.atomic():
        as_owner(f"DELETE FROM governance_term WHERE id = {terms[0].pk}")
    assert len(broken()) == 1


def test_founding_stewards_make_room_and_later_terms_are_whole() -> None:
    town = make_town()
    agree("steward_seats", 2)
    held(town, stood(town, an_election(town, seats=1), "ana"), "ana")
    assert is_steward(town.steward)
    done = held(town, stood(town, an_election(town, seats=1), "ben"), "ben")
    assert Term.objects.get(member=town.members["ben"]).ends_at - done_at(done) >= TERM / 2
    assert not is_steward(town.steward)
    assert roles_in_term().filter(name=Role.Name.STEWARD).count() == 2
    assert broken() == []


def test_no_more_seats_are_filled_than_are_free() -> None:
    town = make_town()
    agree("steward_seats", 2)
    with pytest.raises(SeatsTaken):
        publish(proposal_id=stood(town, an_election(town, seats=3), "ana").pk, actor=town.steward)
    held(town, stood(town, an_election(town, seats=2), "ana", "ben"), "ana", "ben")
    ana = town.members["ana"].user
    with pytest.raises(SeatsTaken):
        held(town, stood(town, an_election(town, seats=1), "chloe"), "chloe", by=ana)
    with transaction.atomic():
        as_owner("UPDATE governance_term SET ends_at = now() + interval '80 days'")
    again = held(town, stood(town, an_election(town, seats=1), "chloe"), "chloe", by=ana)
    assert again.state == Proposal.State.EXECUTED


def stood(town: Town, election: Proposal, *names: str) -> Proposal:
    standing(town, election, *names)
    return election


def done_at(proposal: Proposal) -> Any:
    return Execution.objects.get(proposal=proposal).at


def test_a_reelected_steward_goes_on_under_a_new_term_three_times_at_most() -> None:
    town = make_town()
    ana = town.members["ana"]
    for place in range(3):
        done = held(town, stood(town, an_election(town, seats=1), "ana"), "ana")
        assert Term.objects.filter(member=ana, ended_at=None).count() == 1, place
        assert roles_in_term().get(user=ana.user_id).source == f"proposal:{done.pk}"
    with pytest.raises(CannotStand):
        standing(town, an_election(town), "ana")
    assert broken() == []


def test_who_is_suspended_or_auditor_cannot_stand() -> None:
    town = make_town()
    election = an_election(town)
    with transaction.atomic():
        as_owner(f"UPDATE members_member SET state='suspended' WHERE id={town.members['ben'].pk}")
    town.members["ben"].refresh_from_db()
    with pytest.raises(CannotStand):
        standing(town, election, "ben")
    with pytest.raises(CannotStand):
        standing(town, an_election(town, action="elect_auditors", drawn=0), "stella")


def test_a_term_ends_by_time_and_by_what_the_register_says() -> None:
    town = make_town()
    held(town, stood(town, an_election(town), "ana", "ben"), "ana", "ben")
    first, second = Term.objects.order_by("pk")
    assert sweep_terms() == 0
    with transaction.atomic():
        as_owner(f"UPDATE governance_term SET ends_at = now() WHERE id = {first.pk}")
        as_owner(f"UPDATE members_role SET until = now() WHERE user_id = {second.member.user_id}")
    assert (sweep_terms(), sweep_terms()) == (2, 0)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.ended_at == first.ends_at
    assert (first.ended_by, second.ended_by) == ("its term is over", "the register ended it")
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.filter(pk=first.pk).update(ended_at=None)


def test_somebody_steps_down_but_not_the_last_steward() -> None:
    town = make_town()
    stella = town.members["stella"]
    with pytest.raises(LastSteward):
        step_down(member=stella, office="steward", actor=town.steward)
    make_steward("other")
    step_down(member=stella, office="steward", actor=town.steward)
    assert not is_steward(town.steward)


def test_owners_elect_auditors_and_the_lot_draws_members_besides() -> None:
    town = make_town()
    for place in range(6):
        make_member(f"m{place}")
    election = an_election(town, action="elect_auditors", seats=1, drawn=2)
    done = held(town, stood(town, election, "ben"), "ben")
    assert [chamber.name for chamber in done.chambers.filter(votes=True)] == ["owners"]
    effects = Execution.objects.get().effects
    by_lot = [effect["member"] for effect in effects if effect.get("by_lot")]
    assert len(by_lot) == 2 and effects[0]["member"] == town.members["ben"].pk
    assert is_auditor(town.members["ben"].user)
    assert town.members["stella"].pk not in by_lot  # a steward in office
    with transaction.atomic():
        as_owner("DELETE FROM members_role WHERE name = 'auditor'")
    besides = [town.members["ben"].pk]
    assert drawn(source=f"proposal:{done.pk}", seats=2, besides=besides) == by_lot


def test_nobody_elects_without_a_count() -> None:
    town = make_town()
    with pytest.raises(DomainError):
        ACTIONS["elect_stewards"].execute({}, actor=None, source=f"proposal:{an_election(town).pk}")
