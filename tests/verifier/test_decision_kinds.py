"""Votes of every kind, delegated, corrected and sealed ones, counted again from their export."""

from pathlib import Path
from typing import Any

import pytest

from governance.bundle.export import export_decisions
from governance.lifecycle.corrections import correct_roll
from governance.models import Proposal
from governance.sealed import services as sealed
from governance.services import cast, close_and_count, open_ballot, propose, publish
from tests.governance.delegations.words import end_now, make_crowd, proxy
from tests.governance.sealed.ceremony import Ceremony, closed
from tests.governance.votes import Town, end_voting, make_town
from tests.makers import make_member
from tests.verifier.test_decisions import change, exported, found

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("ana", "ben", "chloe", "stella")
OPTIONS = [{"name": name} for name in ("North", "South", "West")]
RANKS: tuple[Any, ...] = ([["a"], ["b"]], [["b"], ["c"]], [["c"], ["b"]], [])
CAST: dict[str, tuple[Any, ...]] = {
    "motion": ("for", "against", "for", "abstain"),
    "consent": ("consent", "abstain", "consent", "consent"),
    "ranked": ([["a"], ["keep"]], [["b"], ["a"], ["keep"]], [["a", "b"], ["keep"]], []),
    "approval": (["a", "b"], ["b"], ["b", "c"], []),
    "score": ({"a": 5, "b": 1}, {"b": 4}, {"c": 2}, {}),
    "irv": RANKS,
    "stv": RANKS,
}


def opened(town: Town, kind: str, **options: Any) -> Proposal:
    """A resolution of this kind whose ballot is open."""
    ana = town.members["ana"]
    draft = propose(
        title=f"By {kind}", text="Which way first?", action="resolution", payload={},
        member=ana, actor=ana.user, kind=kind,
        options=[] if kind in ("motion", "consent") else OPTIONS, **options,
    )  # fmt: skip
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def say(town: Town, proposal: Proposal, name: str, answer: Any) -> None:
    member = town.members[name]
    cast(proposal_id=proposal.pk, member=member, actor=member.user, answer=answer)


def test_every_kind_of_vote_comes_to_the_same(tmp_path: Path) -> None:
    town = make_town(owners=NAMES)
    for kind, answers in CAST.items():
        proposal = opened(town, kind, seats=2 if kind == "stv" else 1)
        for name, answer in zip(NAMES, answers, strict=True):
            say(town, proposal, name, answer)
        end_voting(proposal)
        close_and_count(proposal_id=proposal.pk, actor=None)
    folder = exported(tmp_path / "votes")
    assert found(folder) == {}
    assert len((folder / "decisions.ndjson").read_text().splitlines()) == len(CAST)

    def crown(lines: list[dict[str, Any]]) -> None:
        for line in lines:
            line["nonces"] = ["00" * 32]

    change(folder, "decisions", crown)
    assert "counted" in found(folder)


def test_votes_in_other_hands_count_once_and_only_as_certified(tmp_path: Path) -> None:
    town = make_crowd(4)
    proposal = opened_motion_of_users(town)
    proxy(town, "m0", "m1", proposal)
    proxy(town, "m2", "m1", proposal, directed="against")
    say(town, proposal, "m1", "for")
    say(town, proposal, "m3", "for")
    end_now(proposal)
    close_and_count(proposal_id=proposal.pk, actor=None)
    folder = exported(tmp_path / "votes")
    assert found(folder) == {}
    assert len((folder / "delegated.ndjson").read_text().splitlines()) == 2
    change(folder, "delegated", list[dict[str, Any]].pop)
    assert {"delegated", "counted"} <= set(found(folder))


def opened_motion_of_users(town: Town) -> Proposal:
    """A vote in which both chambers sit."""
    from tests.governance.votes import open_motion

    return open_motion(town)


def test_a_voter_who_was_left_out_counts_with_a_signed_correction(tmp_path: Path) -> None:
    town = make_town()
    town.members["late"] = make_member("late")
    proposal = opened_motion_of_users(town)
    late = left_out(town, proposal)
    say(town, proposal, "late", "for")
    end_voting(proposal)
    close_and_count(proposal_id=proposal.pk, actor=None)
    folder = exported(tmp_path / "votes")
    assert found(folder) == {}

    def unsigned(lines: list[dict[str, Any]]) -> None:
        next(line for line in lines if line["voter"] == late)["correction"] = None

    change(folder, "rolls", unsigned)
    assert "rolls" in found(folder)


def left_out(town: Town, proposal: Proposal) -> str:
    """Leave somebody off the roll, as a fault would, and put them on it by a correction."""
    from django.db import transaction

    from tests.governance.votes import as_owner

    member = town.members["late"]
    with transaction.atomic():
        as_owner(f"DELETE FROM governance_rollrow WHERE member_id = {member.pk}")
        as_owner(
            "UPDATE governance_chamber SET heads = heads - 1, weight = weight - 1"
            f" WHERE proposal_id = {proposal.pk} AND name = 'users'"
        )
    refreeze(proposal)
    rows = correct_roll(
        proposal_id=proposal.pk, member=member, chambers=["users"], actor=town.steward,
        reason="The site forgot them.",
    )  # fmt: skip
    return rows[0].row.voter


def refreeze(proposal: Proposal) -> None:
    """The chamber's root over the rows that are left, in their places."""
    from django.db import transaction

    from governance import board
    from governance.models import RollRow
    from tests.governance.votes import as_owner

    chamber = proposal.chambers.get(name="users")
    rows = list(RollRow.objects.filter(chamber=chamber).order_by("position"))
    root = board.merkle_root([row.leaf for row in rows])
    with transaction.atomic():
        as_owner(f"UPDATE governance_chamber SET root = '{root}' WHERE id = {chamber.pk}")


def test_a_sealed_election_is_held_against_its_trustees_list(
    ceremony: Ceremony, tmp_path: Path
) -> None:
    proposal = closed(ceremony)
    assert ceremony.tally(proposal, "ana", "chloe") == 0
    sealed.publish_tally(
        proposal_id=proposal.pk, envelope=ceremony.envelope(), actor=ceremony.town.steward
    )
    place = tmp_path / "votes"
    export_decisions(place, kind="public")
    assert found(place) == {}

    def fewer(lines: list[dict[str, Any]]) -> None:
        lines.pop()

    change(place, "ballots", fewer)
    assert {"sealed", "boards"} <= set(found(place))
