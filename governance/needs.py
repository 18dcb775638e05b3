"""What a vote needs, as sentences: before the opening in parts, from then on in numbers."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from governance.counting import Threshold
from governance.models import Proposal
from governance.outcomes import whole
from governance.presenting import chamber_name, threshold_text
from governance.queries import rolls_of
from governance.terms import Terms

Kind = Proposal.Kind


def needed_sentences(proposal: Proposal, terms: Terms) -> list[str]:
    """What must be reached in each chamber, for this kind of vote."""
    return [*NEEDS[Kind(proposal.kind)](proposal, terms), *_taking_part(proposal, terms)]


def _motion(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _("%(threshold)s of the votes for and against must be in favour") % {
        "threshold": threshold_text(terms.support)
    }
    yield _of_all(
        proposal, terms.approval, _("%(threshold)s of all who may vote must be in favour")
    )


def _consent(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _("No objection may be left open at the close, and somebody must consent")
    yield _("With an open objection it is counted as a motion:")
    yield from _motion(proposal, terms)


def _ranked(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _(
        "%(threshold)s of those who prefer one of the two must rank an option above keeping"
        " things as they are"
    ) % {"threshold": threshold_text(terms.support)}
    if terms.square_root:
        yield _("One and a half times the square root of all who may vote must do so")
    else:
        yield _of_all(proposal, terms.approval, _("%(threshold)s of all who may vote must do so"))
    yield _("Of several such options the one that beats each other one wins (Schulze)")


def _most(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _("The option with the most wins")
    yield _of_all(
        proposal, terms.approval, _("%(threshold)s of all who may vote must be in favour of it")
    )


def _one(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _(
        "Whoever has more than half of the ballots that still name somebody is elected; until"
        " then the one with the fewest is left out and their ballots go to the next name"
    )


def _several(proposal: Proposal, terms: Terms) -> Iterator[str]:
    yield _(
        "Whoever reaches the quota is elected: the ballots, divided by the seats and one, and one"
        " more. What is above it goes on to the next names in parts (Scottish rules)"
    )


def _taking_part(proposal: Proposal, terms: Terms) -> Iterator[str]:
    if terms.participation is not None:
        yield _of_all(
            proposal, terms.participation, _("%(threshold)s of all who may vote must take part")
        )


def _of_all(proposal: Proposal, threshold: Threshold, sentence: str) -> str:
    """A part of all who may vote; once the roll is frozen also how many members that is."""
    text = sentence % {"threshold": threshold_text(threshold)}
    numbers = "; ".join(
        _("%(chamber)s: %(needed)s of %(all)s")
        % {
            "chamber": chamber_name(roll.chamber),
            "needed": whole(threshold.needed(roll.weight)),
            "all": whole(roll.weight),
        }
        for roll in rolls_of(proposal)
    )
    return f"{text} ({numbers})" if numbers else text


NEEDS = {
    Kind.MOTION: _motion,
    Kind.CONSENT: _consent,
    Kind.RANKED: _ranked,
    Kind.APPROVAL: _most,
    Kind.SCORE: _most,
    Kind.IRV: _one,
    Kind.STV: _several,
}
