"""A sealed election for tests: trustees with key files, a deal, voters, a count elsewhere."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from coop_trustee import locked
from coop_trustee.cli import main
from coop_trustee.deals import Share, VoteKeys, vote_keys
from governance.models import Ballot, Proposal, SealedTally
from governance.offices.candidates import stand
from governance.sealed import files, formats, services
from governance.sealed.casting import cast_sealed_here
from governance.sealed.queries import keys_offered
from governance.services import close_and_count, open_ballot, propose, publish
from members.models import Member
from signing import keys
from signing.dsse import Envelope
from tests.governance.votes import Town, end_voting
from tests.makers import make_member

PASSPHRASE = "a long enough one"
TRUSTEES = ("ana", "ben", "chloe")
VOTERS = ("ana", "ben", "chloe", "stella", "dora", "emil", "fay")
RANKINGS: tuple[list[str], ...] = (
    ["ana", "ben"], ["ana", "chloe"], ["ana"], ["ben", "chloe"], ["chloe", "ben"], ["chloe"], [],
)  # fmt: skip
"""whom each of the voters prefers, in the order of VOTERS; the last one abstains"""


@dataclass
class Ceremony:
    """The trustees' folder, in which only the program writes, and the town that votes."""

    town: Town
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    trackers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A key is as hard to open as its file says; those of tests open at once.
        self.monkeypatch.setattr(locked, "OPS", 1)
        self.monkeypatch.setattr(locked, "MEMORY", 8192)

    def run(self, *arguments: object, typed: str = "") -> int:
        """The trustees' program in its folder, with what is typed into it."""
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main([str(argument) for argument in arguments])

    def write(self, name: str, document: Any) -> Path:
        """A file that somebody carried over from the site."""
        path = self.folder / name
        path.write_bytes(formats.as_file(document))
        return path

    def read(self, name: str) -> Any:
        """A file of the folder."""
        return json.loads((self.folder / name).read_bytes())

    def offer_keys(self) -> None:
        """Each trustee makes a key and offers its public half."""
        for name in TRUSTEES:
            typed = f"{PASSPHRASE}\n{PASSPHRASE}\n"
            assert self.run("keygen", f"{name}.key", "--label", "laptop", typed=typed) == 0
            services.offer_key(
                member=self.town.members[name],
                label="laptop",
                public_key=self.read(f"{name}.key")["public_key"],
                actor=None,
            )

    def deal(self, proposal: Proposal, threshold: int = 2) -> dict[str, Any]:
        """The dealer's file, from the keys that are offered."""
        offered = keys_offered()
        self.write("ceremony.json", files.ceremony(proposal, offered, threshold))
        (self.folder / "deal.json").unlink(missing_ok=True)
        assert self.run("deal", "ceremony.json", "--out", "deal.json") == 0
        deal: dict[str, Any] = self.read("deal.json")
        return deal

    def keep_deal(self, proposal: Proposal) -> None:
        """Deal and bring the file."""
        deal = self.deal(proposal)
        services.take_deal(proposal_id=proposal.pk, deal=deal, actor=self.town.steward)

    def open_shares(self, *names: str) -> list[str]:
        """Each of them takes a share out of the deal; returns the options for the count."""
        options = []
        for name in names:
            arguments = ("open", "deal.json", "--key", f"{name}.key", "--out", f"{name}.share")
            if not (self.folder / f"{name}.share").exists():
                assert self.run(*arguments, typed=f"{PASSPHRASE}\n") == 0
            options += ["--share", f"{name}.share"]
        return options

    def tally(self, proposal: Proposal, *names: str) -> int:
        """The count with the shares of these trustees; returns the program's exit code."""
        self.write("set.json", files.closed_set(proposal))
        (self.folder / "tally.json").unlink(missing_ok=True)
        shares = self.open_shares(*names)
        key = keys.public_key().hex()
        return self.run("tally", "set.json", "--key", key, *shares, "--out", "tally.json")

    def envelope(self) -> Envelope:
        """The tally as the trustees signed it."""
        return Envelope.from_dict(self.read("tally.json"))

    def secret(self, *names: str) -> VoteKeys:
        """The vote's secret, as trustees who collude would have it."""
        self.open_shares(*names)
        shares = [Share.from_json(self.read(f"{name}.share")) for name in names]
        return vote_keys(self.read("deal.json"), shares)

    def publish(self, proposal: Proposal) -> Proposal:
        """The tally brought to the site by a steward."""
        return services.publish_tally(
            proposal_id=proposal.pk, envelope=self.envelope(), actor=self.town.steward
        )

    def take(self, proposal: Proposal) -> SealedTally:
        """The tally kept, and not yet counted by."""
        return services.take_tally(
            proposal_id=proposal.pk, envelope=self.envelope(), actor=self.town.steward
        )

    def vote(self, proposal: Proposal, name: str, answer: Any) -> Ballot:
        """A ballot that the site seals; the tracker is kept in `trackers`."""
        tracker = self.trackers.setdefault(name, f"{len(self.trackers) + 1:032x}")
        member = self.town.members[name]
        return cast_sealed_here(
            proposal=proposal, member=member, actor=member.user, answer=answer, tracker=tracker,
            key=f"page of {name} for {answer}",
        )  # fmt: skip

    def vote_all(self, proposal: Proposal) -> None:
        """Everybody votes as RANKINGS says."""
        for name, ranking in zip(VOTERS, RANKINGS, strict=True):
            self.vote(proposal, name, [[option(self.town.members[one])] for one in ranking])


def option(member: Member) -> str:
    """The id under which somebody stands on the ballot."""
    return f"m{member.number}"


def election(town: Town, *, seats: int = 2, key: str = "") -> Proposal:
    """A draft of a sealed election of stewards: Ana, Ben and Chloe stand."""
    draft = propose(
        title="Stewards for two years",
        text="Two places are free.",
        action="elect_stewards",
        payload={},
        member=town.members["chloe"],
        actor=town.members["chloe"].user,
        kind=Proposal.Kind.STV,
        ballot_kind=Proposal.BallotKind.SEALED,
        seats=seats,
        key=key,
    )
    for name in ("ana", "ben", "chloe"):
        member = town.members[name]
        stand(proposal_id=draft.pk, member=member, actor=member.user)
    return draft


def people(town: Town) -> None:
    """The members of VOTERS who are not in the town yet."""
    for name in VOTERS:
        if name not in town.members:
            town.members[name] = make_member(name)


def opened(ceremony: Ceremony, **options: Any) -> Proposal:
    """A sealed election whose ballot is open."""
    draft = election(ceremony.town, **options)
    ceremony.keep_deal(draft)
    publish(proposal_id=draft.pk, actor=ceremony.town.steward)
    return open_ballot(proposal_id=draft.pk, actor=ceremony.town.steward)


def closed(ceremony: Ceremony) -> Proposal:
    """A sealed election in which all have voted, waiting for its trustees."""
    proposal = opened(ceremony)
    ceremony.vote_all(proposal)
    return close(proposal)


def close(proposal: Proposal) -> Proposal:
    """The voting time is over."""
    end_voting(proposal)
    return close_and_count(proposal_id=proposal.pk, actor=None)
