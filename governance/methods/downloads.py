"""The ballots of a closed vote as files that other programs count: .blt, .abif, .csv."""

from collections.abc import Callable

from governance.counting.electing import election_of
from governance.counting.files import write_abif, write_blt, write_csv
from governance.counting.question import Question, Votes
from governance.counting.ranked import Election, Ranking
from governance.methods.answers import WORDS
from governance.methods.material import question_of, votes_of
from governance.models import Proposal

WRITERS: dict[str, Callable[[Election], str]] = {
    "blt": write_blt,
    "abif": write_abif,
    "csv": write_csv,
}


def ballot_file(proposal: Proposal, chamber: str, form: str) -> str:
    """What one chamber cast, identical ballots together with their weight.

    Answers in words are ballots that rank that one word; approvals are one rank. Raises KeyError
    for a chamber that did not vote, or a form that is not known.
    """
    votes = {each.roll.chamber: each for each in votes_of(proposal)}[chamber]
    return WRITERS[form](as_election(proposal, votes))


def as_election(proposal: Proposal, votes: Votes) -> Election:
    """The ballots of a chamber with the names of their options."""
    question = question_of(proposal)
    if proposal.kind in WORDS:
        election = in_words(WORDS[Proposal.Kind(proposal.kind)], votes)
    else:
        election = election_of(question, votes)
    return Election(
        names=names_of(proposal, question) or election.names,
        ballots=election.ballots,
        seats=min(proposal.seats, max(1, len(election.names))),
        title=plain(proposal.title),
        scores=election.scores,
    )


def in_words(words: tuple[str, ...], votes: Votes) -> Election:
    """A motion or a consent: each ballot ranks its one word."""
    ballots: dict[Ranking, int] = {}
    for group in votes.groups:
        said = ((words.index(group.answer),),)
        ballots[said] = ballots.get(said, 0) + group.weight
    return Election(words, ballots)


def names_of(proposal: Proposal, question: Question) -> tuple[str, ...]:
    """The options' names, told apart by their ids where two are the same; () in words."""
    named = {option["id"]: plain(option["name"]) for option in proposal.options}
    twice = len(set(named.values())) < len(named)
    return tuple(f"{named[o]} ({o})" if twice else named[o] for o in question.options)


def plain(name: str) -> str:
    """A name without the signs that none of the files can hold."""
    return " ".join(name.translate({ord(a): b for a, b in zip('"[]', "'()", strict=True)}).split())
