"""R17: several stewards, three days at most, a vote on it, and what follows."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from governance.errors import (
    AnsweredAlready,
    CalledByOthers,
    ConflictOfInterest,
    EmergencyOver,
    NoPower,
    NotYourNode,
    SameFacts,
)
from governance.models import Emergency, LostPower, Proposal, Term
from governance.offices.emergencies import (
    answer_emergency,
    call_emergency,
    sign_emergency,
    sweep_emergencies,
)
from governance.offices.locks import is_conflicted, require_free_hand, require_unconflicted
from governance.offices.queries import has_lost_power
from governance.services import advance
from members.models import Role
from members.services import end_role
from metering.errors import DecidedTogether, NotPossibleNow, SignaturesNeeded
from metering.models import Node
from metering.services import release_node, set_node_state, sweep_states
from metering.services.states import suspect
from metering.trust.standing import standing_of
from tests.at_once import run_at_once
from tests.governance.offices.people import (
    ALL_AGAINST,
    ALL_FOR,
    EVIDENCE,
    REASON,
    a_node,
    full_town,
    signed_by,
    vote_on,
)
from tests.governance.votes import as_owner, broken

pytestmark = pytest.mark.django_db(transaction=True)
DAYS_3 = timedelta(days=3)


def test_no_steward_quarantines_a_node_alone() -> None:
    _town, stewards = full_town()
    node = a_node()
    with pytest.raises(SignaturesNeeded):
        set_node_state(actor=stewards[0], node=node, state="quarantined", reason="it lies")
    emergency = signed_by(stewards[:2], node)
    assert (emergency.state, emergency.in_force_from) == (Emergency.State.CALLED, None)
    assert standing_of(node).state == "active"


def test_the_third_signature_puts_it_in_force_for_three_days_and_calls_the_vote() -> None:
    _town, stewards = full_town()
    node = a_node()
    emergency = signed_by(stewards[:3], node)
    standing, vote = standing_of(node), emergency.proposal
    assert emergency.in_force_from is not None and emergency.until is not None and vote is not None
    assert emergency.until == emergency.in_force_from + DAYS_3
    assert (standing.state, standing.until) == ("quarantined", emergency.until)
    assert standing.source == f"emergency:{emergency.pk}"
    assert emergency.evidence_sha256 in standing.facts["evidence"]
    assert (vote.state, vote.because) == (Proposal.State.NOTICE, "ratification")
    assert vote.terms is not None and vote.terms["chambers"] == ["users", "owners"]
    assert vote.closes_at is not None and vote.closes_at < emergency.until
    assert vote.terms["timelock_seconds"] == 0
    assert sign_emergency(emergency_id=emergency.pk, actor=stewards[0]).pk == emergency.pk
    with pytest.raises(EmergencyOver):
        sign_emergency(emergency_id=emergency.pk, actor=stewards[4])


def test_with_two_stewards_both_sign_and_with_one_the_one() -> None:
    _town, stewards = full_town(stewards=2)
    node = a_node()
    emergency = signed_by(stewards[:1], node)
    assert emergency.state == Emergency.State.CALLED
    sign_emergency(emergency_id=emergency.pk, actor=stewards[1])
    assert standing_of(node).state == "quarantined"
    end_role(user=stewards[1], name=Role.Name.STEWARD, actor=None, source="test")
    alone = signed_by(stewards[:1], a_node(), evidence="Something else was seen.")
    assert alone.state == Emergency.State.IN_FORCE


def test_a_signature_of_somebody_no_longer_in_office_does_not_count() -> None:
    _town, stewards = full_town()
    node = a_node()
    emergency = signed_by(stewards[:2], node)
    end_role(user=stewards[0], name=Role.Name.STEWARD, actor=None, source="test")
    assert sign_emergency(emergency_id=emergency.pk, actor=stewards[2]).state == "called"
    assert sign_emergency(emergency_id=emergency.pk, actor=stewards[3]).state == "in_force"


def test_a_ratified_quarantine_stands_until_another_vote() -> None:
    town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    with pytest.raises(DecidedTogether):
        release_node(actor=stewards[4], node=emergency.node, reason="my friend's")
    vote_on(town, emergency, **ALL_FOR)
    advance()
    emergency.refresh_from_db()
    standing = standing_of(emergency.node)
    assert emergency.state == Emergency.State.RATIFIED
    assert (standing.state, standing.until) == ("quarantined", None)
    assert standing.source == f"proposal:{emergency.proposal_id}"
    assert not LostPower.objects.exists() and broken() == []


def test_an_unratified_quarantine_is_reverted_and_its_signers_lose_the_power() -> None:
    town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    vote_on(town, emergency, **ALL_AGAINST)
    assert (sweep_emergencies(), sweep_emergencies()) == (1, 0)
    emergency.refresh_from_db()
    standing = standing_of(emergency.node)
    assert (emergency.state, standing.state) == (Emergency.State.REVERTED, "active")
    assert standing.source == f"proposal:{emergency.proposal_id}"
    assert [has_lost_power(user) for user in stewards] == [True, True, True, False, False]
    with pytest.raises(NoPower):
        call_emergency(node=a_node(), reason=REASON, evidence="New facts.", actor=stewards[0])
    assert broken() == []


def test_one_chamber_against_is_no_ratification_and_nothing_to_reconcile() -> None:
    town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    split = ALL_FOR | {"ana": "against", "ben": "against", "stella": "for", "steward2": "for"}
    vote = vote_on(town, emergency, **split)
    assert [c["passed"] for c in vote.certificate.result["chambers"]] == [True, False]
    assert (sweep_emergencies(), vote.reconcile_until) == (1, None)
    assert standing_of(emergency.node).state == "active"


def test_an_election_gives_the_lost_power_back() -> None:
    town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    vote_on(town, emergency, **ALL_AGAINST)
    sweep_emergencies()
    lost = LostPower.objects.earliest("pk")
    Term.objects.create(
        member=town.members["stella"], office="steward", starts_at=lost.at + timedelta(seconds=1),
        ends_at=lost.at + DAYS_3, source="proposal:0",
    )  # fmt: skip
    assert [has_lost_power(user) for user in stewards[:2]] == [False, True]


def test_attack_reused_quarantine_facts() -> None:
    town, stewards = full_town()
    node = a_node()
    emergency = signed_by(stewards[:3], node)
    vote_on(town, emergency, **ALL_AGAINST)
    sweep_emergencies()
    others, elsewhere = stewards[3:], a_node()
    again = {
        "the same": (EVIDENCE, node),
        "for another node": (EVIDENCE, elsewhere),
        "other spaces, case and signs": (f"  {EVIDENCE.upper()}!! ", node),
        "other words, same references": ("See aabbccddeeff00112233, once more.", node),
        "nothing new on the node's record": ("Ana says that it lied again.", node),
    }
    for evidence, where in again.values():
        with pytest.raises(SameFacts):
            call_emergency(node=where, reason=REASON, evidence=evidence, actor=others[0])
    assert Node.objects.get(pk=node.pk).state == "active"
    assert Emergency.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Emergency.objects.create(
            node=elsewhere, reason="r", evidence=EVIDENCE, at=emergency.at,
            evidence_sha256=emergency.evidence_sha256,
        )  # fmt: skip


def test_attack_wearing_evidence_out_by_a_call_that_nobody_signs() -> None:
    _town, stewards = full_town()
    node = a_node()
    lone = call_emergency(node=node, reason=REASON, evidence=EVIDENCE, actor=stewards[0])
    with pytest.raises(NotPossibleNow):
        call_emergency(node=node, reason=REASON, evidence=EVIDENCE, actor=stewards[1])
    Emergency.objects.filter(pk=lone.pk).update(until=timezone.now())
    assert sweep_emergencies() == 1
    again = call_emergency(node=node, reason=REASON, evidence=EVIDENCE, actor=stewards[1])
    assert again != lone
    for steward in stewards[2:4]:
        sign_emergency(emergency_id=again.pk, actor=steward)
    assert standing_of(node).state == "quarantined"


def test_attack_emergency_beyond_72_hours() -> None:
    _town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    for change in ("until = until + interval '1 hour'", "in_force_from = now()"):
        with pytest.raises(IntegrityError), transaction.atomic():
            run_sql(f"UPDATE governance_emergency SET {change} WHERE id = {emergency.pk}")


def run_sql(sql: str) -> None:
    """As the site's own user, before all triggers."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_hard_stop_comes_without_the_vote() -> None:
    _town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    with transaction.atomic():
        as_owner("UPDATE metering_nodestatechange SET until = now() WHERE until IS NOT NULL")
    assert sweep_states() == 1
    assert standing_of(emergency.node).state == "active"
    emergency.refresh_from_db()
    assert emergency.state == Emergency.State.IN_FORCE  # its vote is still to come


def test_whom_one_steward_alone_holds_back_is_active_again_and_not_quarantined() -> None:
    _town, stewards = full_town(stewards=1)
    node, other = a_node(), a_node()
    set_node_state(actor=stewards[0], node=node, state="suspect", reason="It looks odd.")
    with transaction.atomic():
        suspect(node=other, reason="a link says otherwise", trigger="link")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert sweep_states() == 2
        assert [standing_of(one).state for one in (node, other)] == ["active", "quarantined"]
        assert standing_of(node).trigger == "lapsed"


def test_a_call_that_too_few_sign_lapses() -> None:
    _town, stewards = full_town()
    emergency = signed_by(stewards[:2], a_node())
    with transaction.atomic():
        as_owner(f"UPDATE governance_emergency SET until = now() WHERE id = {emergency.pk}")
    assert sweep_emergencies() == 1
    with pytest.raises(EmergencyOver):
        sign_emergency(emergency_id=emergency.pk, actor=stewards[2])
    assert not LostPower.objects.exists()


def test_signers_and_owner_keep_their_hands_off_the_vote_and_nobody_takes_it_back() -> None:
    town, stewards = full_town()
    node = a_node()
    Node.objects.filter(pk=node.pk).update(owner=town.members["steward5"])
    vote = signed_by(stewards[:3], node).proposal
    assert vote is not None
    assert [is_conflicted(user, vote) for user in stewards] == [True, True, True, False, True]
    require_unconflicted(None, vote)
    with pytest.raises(ConflictOfInterest):
        require_unconflicted(stewards[4], vote)
    with pytest.raises(CalledByOthers):
        require_free_hand(vote)


def test_the_target_answers_on_the_record_once_and_keeps_its_vote() -> None:
    town, stewards = full_town()
    node, ana = a_node(), town.members["ana"]
    Node.objects.filter(pk=node.pk).update(owner=ana)
    emergency = signed_by(stewards[:3], node)
    with pytest.raises(NotYourNode):
        answer_emergency(
            emergency_id=emergency.pk, member=town.members["ben"], text="No.", actor=None
        )
    said = {"emergency_id": emergency.pk, "member": ana, "actor": ana.user}
    answer_emergency(text="Its clock was wrong.", **said)
    answer_emergency(text="Its clock was wrong.", **said)
    with pytest.raises(AnsweredAlready):
        answer_emergency(text="Something else.", **said)
    vote = vote_on(town, emergency, **(ALL_FOR | {"ana": "against"}))
    assert vote.certificate.result["chambers"][0]["against"] == 1


def test_a_node_that_is_quarantined_already_takes_no_emergency() -> None:
    _town, stewards = full_town()
    emergency = signed_by(stewards[:3], a_node())
    with pytest.raises(NotPossibleNow):
        call_emergency(node=emergency.node, reason=REASON, evidence="More.", actor=stewards[3])


def test_race_three_signatures_at_once_open_one_vote() -> None:
    _town, stewards = full_town()
    emergency = signed_by(stewards[:1], a_node())
    jobs = [
        lambda user=user: sign_emergency(emergency_id=emergency.pk, actor=user)
        for user in stewards[1:]
    ]
    results = run_at_once(jobs)
    late = [one for one in results if isinstance(one, EmergencyOver)]
    assert len(late) == 2
    assert Proposal.objects.filter(because="ratification").count() == 1
    assert emergency.signatures.count() == 3
