"""Many at once: real threads with connections of their own, started together."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from governance import board
from governance.errors import VotingClosed
from governance.models import Ballot, Certificate, Execution, Proposal
from governance.queries import locked
from governance.services import advance, cast, close_and_count, execute, open_ballot, publish
from members.models import Member
from policies.models import PolicyValue
from tests.governance.votes import (
    as_owner,
    broken,
    decide,
    end_voting,
    make_town,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all calls at the same moment; an exception is an answer too."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        barrier.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


def voter(proposal: Proposal, member: Member, choice: str, key: str = "") -> Callable[[], Any]:
    return lambda: cast(
        proposal_id=proposal.pk, member=member, choice=choice, actor=member.user, key=key
    )


def test_twenty_who_vote_at_once_are_all_on_one_unbroken_board() -> None:
    town = make_town()
    crowd = [make_member(f"m{n}") for n in range(20)]
    proposal = open_motion(town)
    ballots = together([voter(proposal, member, "for") for member in crowd])
    assert sorted(b.index for b in ballots) == list(range(1, 21))
    assert {b.member_id for b in ballots} == {m.pk for m in crowd}
    assert proposal.ballots.get(index=20).link == board.chain_head(
        proposal.ballots.order_by("index").values_list("leaf", flat=True)
    )
    assert broken() == []


def test_a_vote_and_its_repeats_at_once_are_one_entry() -> None:
    town = make_town()
    proposal = open_motion(town)
    ballots = together([voter(proposal, town.members["ana"], "for", "k") for _click in range(6)])
    assert len({b.pk for b in ballots}) == 1
    assert proposal.ballots.count() == 1


def test_a_vote_that_races_the_closing_is_counted_or_refused_but_never_lost() -> None:
    town = make_town()
    crowd = [make_member(f"m{n}") for n in range(10)]
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for")
    end_voting(proposal)
    closing = lambda: close_and_count(proposal_id=proposal.pk, actor=None)  # noqa: E731
    answers = together([*(voter(proposal, m, "against") for m in crowd), closing, closing])
    assert all(isinstance(a, VotingClosed) for a in answers[:10])
    users = Certificate.objects.get(proposal=proposal).result["chambers"][0]
    assert (users["for"], users["against"]) == (2, 0)
    assert broken() == []


@pytest.mark.parametrize("first", ["ballot", "closing"])
def test_a_ballot_that_waits_for_the_lock_at_the_close_is_counted_or_refused(first: str) -> None:
    town = make_town()
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for")
    ballot = voter(proposal, town.members["chloe"], "against")

    def closing() -> Proposal:
        return close_and_count(proposal_id=proposal.pk, actor=None)

    order = [ballot, closing] if first == "ballot" else [closing, ballot]
    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            locked(proposal.pk)
            waiting = [start(threads, call, blocked=n) for n, call in enumerate(order, start=1)]
            # Both wait for the row; the time is up only now, after both transactions began.
            as_owner(
                "UPDATE governance_proposal SET closes_at = clock_timestamp()"
                if first == "ballot"
                else "UPDATE governance_proposal SET closes_at = opens_at + interval '1 us'"
            )
        answers = [future.exception() or future.result() for future in waiting]
    answer = answers[order.index(ballot)]
    counted_votes = [a for a in (answer,) if isinstance(a, Ballot)]
    advance()
    users = Certificate.objects.get(proposal=proposal).result["chambers"][0]
    assert users["against"] == len(counted_votes)
    assert isinstance(answer, Ballot) is (first == "ballot")
    assert broken() == []


def start(threads: ThreadPoolExecutor, call: Callable[[], Any], *, blocked: int) -> Future[Any]:
    """Start a call that will wait for a lock; return when so many are waiting."""

    def closed_after() -> Any:
        try:
            return call()
        finally:
            connection.close()

    future = threads.submit(closed_after)
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (blocked,) or future.done():
                return future


def test_two_who_execute_at_once_execute_once() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    run = lambda: execute(proposal_id=proposal.pk, actor=town.steward)  # noqa: E731
    done = together([run, run, run, advance])
    assert [p.state for p in done[:3]] == [Proposal.State.EXECUTED] * 3
    assert Execution.objects.count() == 1
    assert PolicyValue.objects.filter(source=f"proposal:{proposal.pk}").count() == 1


def test_two_who_publish_or_open_at_once_do_it_once() -> None:
    town = make_town()
    draft = price_motion(town)
    together([lambda: publish(proposal_id=draft.pk, actor=town.steward)] * 4)
    assert draft.deliveries.count() == 4
    together([lambda: open_ballot(proposal_id=draft.pk, actor=None)] * 4)
    assert [c.heads for c in draft.chambers.all()] == [4, 2]
    assert broken() == []


def test_two_who_propose_with_one_key_at_once_make_one_draft() -> None:
    town = make_town()
    drafts = together([lambda: price_motion(town, key="once")] * 4)
    assert len({d.pk for d in drafts}) == 1
    assert Proposal.objects.count() == 1
