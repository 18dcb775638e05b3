"""Races in a vote, each by the name that the rules give it; real connections, real processes."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from governance.errors import NotObjectable, NotOnRoll, VotingClosed, WrongState
from governance.lifecycle.corrections import correct_roll
from governance.models import Ballot, Certificate, Execution, Proposal
from governance.services import (
    advance,
    amend,
    cast,
    execute,
    open_ballot,
    publish,
)
from members.models import Member
from policies.models import PolicyValue
from tests.faults.workers import ROOT, held, is_somebody_waiting, until
from tests.governance.lifecycle.test_halts_and_corrections import left_off
from tests.governance.lifecycle.ways import certified, objection, owners_draft
from tests.governance.votes import (
    Town,
    broken,
    decide,
    make_town,
    move,
    open_motion,
    price_motion,
    vote,
)

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State
CONNECTIONS = 20
CASTS = 200


@pytest.fixture
def town() -> Town:
    return make_town()


def storm(calls: list[Callable[[], Any]], connections: int = CONNECTIONS) -> list[Any]:
    """What all calls gave, or raised, begun together on so many connections."""
    barrier = Barrier(connections)

    def share(place: int) -> list[tuple[int, Any]]:
        connection.ensure_connection()
        barrier.wait()
        try:
            return [(n, attempt(calls[n])) for n in range(place, len(calls), connections)]
        finally:
            connection.close()

    with ThreadPoolExecutor(connections) as threads:
        found = [pair for part in threads.map(share, range(connections)) for pair in part]
    return [answer for _n, answer in sorted(found, key=lambda pair: pair[0])]


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


def crowd(number: int) -> list[Member]:
    """So many active members, written in one go."""
    first = (Member.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    return Member.objects.bulk_create(
        Member(name=f"voter {n}", number=first + n, state=Member.State.ACTIVE)
        for n in range(number)
    )


def voter(proposal: Proposal, member: Member, choice: str) -> Callable[[], Any]:
    return lambda: cast(proposal_id=proposal.pk, member=member, choice=choice, actor=None)


def test_race_200_casts_at_the_close_instant(town: Town) -> None:
    """Each of them is on the board before the close and counted, or told that it is too late."""
    members = crowd(CASTS)
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for")
    with transaction.atomic():
        # The close comes while they cast: some seconds after the first can begin.
        move(proposal, "closes_at = clock_timestamp() + interval '2 seconds'")
    casts = [voter(proposal, member, "against") for member in members]
    closers = [advance for _n in range(CONNECTIONS)]
    answers = storm([*casts, *closers])
    while not Certificate.objects.filter(proposal=proposal).exists():
        advance()

    entered = [answer for answer in answers[:CASTS] if isinstance(answer, Ballot)]
    refused = [answer for answer in answers[:CASTS] if not isinstance(answer, Ballot)]
    assert all(isinstance(answer, VotingClosed) for answer in refused)
    assert len(entered) + len(refused) == CASTS
    proposal.refresh_from_db()
    assert proposal.closes_at is not None
    assert all(ballot.cast_at < proposal.closes_at for ballot in entered)
    assert certified(proposal)["users"]["against"] == len(entered)
    assert proposal.ballots.count() == len(entered) + 2
    assert broken() == []


def test_race_two_executors(town: Town) -> None:
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    run = lambda: execute(proposal_id=proposal.pk, actor=town.steward)  # noqa: E731
    done = storm([run, run, run, advance], connections=4)
    assert [answer.state for answer in done[:3]] == [State.EXECUTED] * 3
    assert Execution.objects.count() == 1
    assert PolicyValue.objects.filter(source=f"proposal:{proposal.pk}").count() == 1
    assert broken() == []


def test_race_re_vote_during_close(town: Town) -> None:
    """Of two votes of a member exactly one counts: the newer if it came in time, else the older."""
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for", chloe="for", stella="for")
    move(proposal, "closes_at = clock_timestamp() + interval '300 milliseconds'")
    changes = [
        voter(proposal, town.members[name], choice)
        for choice in ("against", "abstain", "against")
        for name in ("ana", "ben", "chloe", "stella")
    ]
    answers = storm([*changes, advance, advance, advance, advance], connections=16)
    while not Certificate.objects.filter(proposal=proposal).exists():
        advance()
    newest = {b.member_id: b.choices["users"] for b in proposal.ballots.order_by("index")}
    users = certified(proposal)["users"]
    assert [users[c] for c in ("for", "against", "abstain")] == [
        list(newest.values()).count(c) for c in ("for", "against", "abstain")
    ]
    assert users["ballots"] == 4
    assert all(isinstance(a, Ballot | VotingClosed) for a in answers[:12])
    assert broken() == []


def test_race_roll_correction_during_a_cast(town: Town) -> None:
    """Who is being added votes or is refused, and is on the roll once, whoever adds them."""
    proposal = left_off(town)
    chloe = town.members["chloe"]

    def correct() -> Any:
        return correct_roll(
            proposal_id=proposal.pk, member=chloe, chambers=["users"], actor=town.steward,
            reason="The delivery was lost.",
        )  # fmt: skip

    ballots = [voter(proposal, chloe, "against") for _n in range(4)]
    others = [voter(proposal, town.members[name], "for") for name in ("ana", "ben")]
    answers = storm([correct, *ballots, *others, correct], connections=8)
    assert sum(isinstance(answer, list) for answer in (answers[0], answers[-1])) == 1
    assert all(isinstance(answer, Ballot | NotOnRoll) for answer in answers[1:5])
    cast_by_her = sum(isinstance(answer, Ballot) for answer in answers[1:5])
    vote(town, proposal, chloe="against")
    assert proposal.ballots.filter(member=chloe).count() == cast_by_her + 1
    counted = decide(town, proposal)
    users = certified(counted)["users"]
    assert (users["heads"], users["for"], users["against"]) == (4, 2, 1)
    assert broken() == []


EXECUTOR = """
import django
django.setup()
from governance.services import advance
advance()
"""


def executor() -> subprocess.Popen[bytes]:
    """A process of its own that takes what is due on this test's database, as a worker does."""
    url = urlsplit(os.environ["DATABASE_URL"])
    mine = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = os.environ | {"DATABASE_URL": mine, "DJANGO_SETTINGS_MODULE": "coop.settings"}
    return subprocess.Popen([sys.executable, "-c", EXECUTOR], cwd=ROOT, env=env)


def test_race_worker_killed_mid_execution(town: Town) -> None:
    """Whoever dies in the middle has done nothing; the next one does all of it, once."""
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    process = executor()
    try:
        with held("LOCK TABLE governance_execution IN SHARE MODE"):
            until(is_somebody_waiting, process)
            process.kill()
            process.wait()
    finally:
        process.kill()
        process.wait()
    proposal.refresh_from_db()
    assert proposal.state == State.TIMELOCKED
    assert not Execution.objects.exists()
    assert not PolicyValue.objects.filter(source=f"proposal:{proposal.pk}").exists()
    after = executor()
    assert after.wait() == 0
    assert Proposal.objects.get(pk=proposal.pk).state == State.EXECUTED
    assert Execution.objects.count() == 1
    assert PolicyValue.objects.filter(source=f"proposal:{proposal.pk}").count() == 1
    assert broken() == []


def test_race_objections_at_the_moment_of_opening(town: Town) -> None:
    """An objection that comes while the ballot opens is counted in whole or refused."""
    draft = publish(proposal_id=owners_draft(town).pk, actor=town.steward)
    calls: list[Callable[[], Any]] = [lambda: open_ballot(proposal_id=draft.pk, actor=None)]
    calls += [lambda name=name: objection(town, draft, name) for name in ("chloe", "stella")]  # type: ignore[misc]
    answers = storm(calls, connections=3)
    draft.refresh_from_db()
    objected = [a for a in answers[1:] if not isinstance(a, NotObjectable)]
    assert draft.state == State.OPEN
    assert draft.called_in is bool(objected)
    assert draft.chambers.filter(votes=True, name="users").exists() is draft.called_in
    assert all(a is None or isinstance(a, NotObjectable) for a in answers[1:])


def test_race_amendment_at_the_moment_of_opening(town: Town) -> None:
    """A new version or an open ballot, and never a ballot on a text that was not announced."""
    draft = publish(proposal_id=price_motion(town).pk, actor=town.steward)
    user = town.members["chloe"].user
    assert user is not None
    answers = storm(
        [
            lambda: open_ballot(proposal_id=draft.pk, actor=None),
            lambda: amend(proposal_id=draft.pk, actor=user, text="Another text."),
        ],
        connections=2,
    )
    draft.refresh_from_db()
    amended = not isinstance(answers[1], WrongState)
    assert draft.version == (2 if amended else 1)
    assert (draft.text == "Another text.") is amended
    assert broken() == []
