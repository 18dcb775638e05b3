"""A sealed election from its draft to its stewards: three trustees, of whom two open it."""

import pytest

from governance.errors import NoTrustees
from governance.models import Proposal, SealedTally
from governance.sealed import files, services
from governance.sealed.casting import cast_sealed_elsewhere
from governance.sealed.formats import from_base64
from governance.services import advance, publish
from tests.governance.sealed.ceremony import (
    RANKINGS,
    VOTERS,
    Ceremony,
    close,
    closed,
    election,
    opened,
    option,
)
from tests.governance.votes import broken

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


def test_a_sealed_vote_is_not_announced_without_its_key(ceremony: Ceremony) -> None:
    draft = election(ceremony.town)
    with pytest.raises(NoTrustees):
        publish(proposal_id=draft.pk, actor=ceremony.town.steward)
    ceremony.keep_deal(draft)
    announced = publish(proposal_id=draft.pk, actor=ceremony.town.steward)
    assert announced.state == State.NOTICE
    assert files.ballot_paper(announced)["notice"]["sealed"]["threshold"] == 2


def test_two_of_three_trustees_elect_two_stewards(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    assert proposal.state == State.COUNTING
    assert ceremony.tally(proposal, "ana", "chloe") == 0
    counted = ceremony.publish(proposal)
    assert counted.state == State.TIMELOCKED
    certified = counted.certificate.result
    chosen = {option(ceremony.town.members[name]) for name in ("ana", "chloe")}
    assert set(certified["result"]["winners"]) == chosen
    assert broken() == []


def test_attack_share_below_k(ceremony: Ceremony, capsys: pytest.CaptureFixture[str]) -> None:
    """One share of two opens nothing, nor does the same one twice."""
    proposal = closed(ceremony)
    assert ceremony.tally(proposal, "ana") == 2
    assert "it takes 2" in capsys.readouterr().err
    assert ceremony.tally(proposal, "ana", "ana") == 2
    assert not (ceremony.folder / "tally.json").exists()


def test_every_voter_finds_the_tracker_with_the_answer(
    ceremony: Ceremony, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ben", "chloe")
    ceremony.publish(proposal)
    document = SealedTally.objects.get().document
    trackers = [line["tracker"] for line in document["list"]]
    assert trackers == sorted(ceremony.trackers[name] for name in VOTERS)
    ceremony.write("published.json", files.published(proposal))
    for name, ranking in zip(VOTERS, RANKINGS, strict=True):
        capsys.readouterr()
        assert ceremony.run("check", "published.json", "--tracker", ceremony.trackers[name]) == 0
        told = capsys.readouterr().out.splitlines()[-1]
        wanted = "; ".join(
            f"{place}. {ceremony.town.members[one].name}"
            for place, one in enumerate(ranking, start=1)
        )
        assert told.endswith(wanted or "abstain")
    assert ceremony.run("check", "published.json", "--tracker", "f" * 32) == 1


def test_only_the_last_ballot_of_a_voter_counts(ceremony: Ceremony) -> None:
    proposal = opened(ceremony)
    ana = [[option(ceremony.town.members["ana"])]]
    ben = [[option(ceremony.town.members["ben"])]]
    for name in VOTERS:
        ceremony.vote(proposal, name, ana)
    ceremony.vote(proposal, "dora", ben)
    again = ceremony.vote(proposal, "dora", ben)
    assert (again.index, again.counter) == (len(VOTERS) + 1, 2), "sent twice is cast once"
    proposal = close(proposal)
    assert ceremony.tally(proposal, "ana", "ben") == 0
    tally = ceremony.take(proposal)
    counts = {str(one["choice"]): one["ballots"] for one in tally.document["counts"]}
    assert counts == {str(ana): len(VOTERS) - 1, str(ben): 1}
    assert proposal.pk in services.count_tallied()


def test_a_ballot_sealed_elsewhere_counts_like_one_sealed_here(
    ceremony: Ceremony, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = opened(ceremony)
    ceremony.write("paper.json", files.ballot_paper(proposal))
    dora, ben = ceremony.town.members["dora"], option(ceremony.town.members["ben"])
    options = ("--choice", ben, "--notice", proposal.notice_hash, "--out", "ballot.json")
    assert ceremony.run("seal", "paper.json", *options) == 0
    tracker = capsys.readouterr().err.split()[-1]
    sealed = from_base64(ceremony.read("ballot.json")["sealed"])
    first = cast_sealed_elsewhere(proposal=proposal, member=dora, actor=dora.user, sealed=sealed)
    again = cast_sealed_elsewhere(proposal=proposal, member=dora, actor=dora.user, sealed=sealed)
    assert first == again
    for name in ("ana", "ben", "chloe", "stella"):
        ceremony.vote(proposal, name, [])
    proposal = close(proposal)
    assert ceremony.tally(proposal, "ana", "ben") == 0
    tally = ceremony.take(proposal)
    assert {"tracker": tracker, "choice": [[ben]]} in tally.document["list"]


def test_fewer_than_five_ballots_are_published_as_counts_only(ceremony: Ceremony) -> None:
    proposal = opened(ceremony)
    for name in ("ana", "ben", "chloe", "dora"):
        ceremony.vote(proposal, name, [[option(ceremony.town.members["ana"])]])
    proposal = close(proposal)
    assert ceremony.tally(proposal, "ana", "ben") == 0
    tally = ceremony.take(proposal)
    assert tally.document["list"] is None
    assert [one["ballots"] for one in tally.document["counts"]] == [4]


def test_nothing_that_is_published_holds_the_key_or_a_share(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ana", "ben")
    ceremony.publish(proposal)
    shares = [ceremony.read(f"{name}.share")["share"] for name in ("ana", "ben")]
    for document in (files.published(proposal), files.closed_set(proposal)):
        spelled = str(document)
        assert not any(share in spelled for share in shares)
    columns = Proposal.objects.filter(pk=proposal.pk).values("sealed_vote__deal")
    assert not any(share in str(list(columns)) for share in shares)


def test_the_clockwork_counts_what_a_halt_held_up(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ana", "ben")
    ceremony.take(proposal)
    advance()
    proposal.refresh_from_db()
    assert proposal.state == State.TIMELOCKED
