"""Why a proposal, an action or a ballot is refused."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class TextMissing(DomainError):
    """A proposal says what it is about and why."""

    code = "text_missing"
    text = _("A proposal needs a title and a text that says why.")


class UnknownAction(DomainError):
    """A vote can only do what the registry of actions knows."""

    code = "unknown_action"
    text = _("No vote can do “%(action)s”.")


class BadPayload(DomainError):
    """An action's payload has not the shape of its schema, or names what is not there."""

    code = "bad_payload"
    text = _("The proposal's action is incomplete or names what does not exist.")


class WrongState(DomainError):
    """The proposal has moved on, or is not there yet."""

    code = "wrong_state"
    status = 409
    text = _("This proposal is “%(state)s”; that cannot be done now.")


class NotYet(DomainError):
    """The clock decides, not the person who asks."""

    code = "not_yet"
    status = 409
    text = _("It is not time yet: the date was set with the notice, and nobody can move it.")


class VotingClosed(DomainError):
    """The ballot is not open at this moment."""

    code = "voting_closed"
    status = 409
    text = _("The ballot is not open now. Your vote was not counted.")


class NotOnRoll(DomainError):
    """Who may vote was frozen at opening."""

    code = "not_on_roll"
    status = 403
    text = _("You are not on the roll of this vote: it was frozen when the ballot opened.")


class OtherBallot(DomainError):
    """A signed statement that is over another vote, another member or another reason."""

    code = "other_ballot"
    text = _("This statement is for another vote, or for another reason. Take a fresh one.")


class UnknownChoice(DomainError):
    """A ballot answers in every chamber of its voter with one of the three answers."""

    code = "unknown_choice"
    text = _("Choose for, against or abstain.")


class NotYours(DomainError):
    """Only the proposer and the stewards may take back a draft."""

    code = "not_yours"
    status = 403
    text = _("Only the proposer or a steward can do this.")


class ProposersAlone(NotYours):
    """What others were told of, or stand behind, its proposer alone changes."""

    code = "proposers_alone"
    text = _(
        "Notice was given of this, or members stand behind it: only its proposer can change it or "
        "take it back."
    )


class ConflictOfInterest(DomainError):
    """Nobody administers a vote on their own recall, pay or sanction (R18)."""

    code = "conflict_of_interest"
    status = 403
    text = _("This vote concerns you. Another steward, or time, takes this step.")


class CalledByOthers(DomainError):
    """A vote that a petition or an emergency called is nobody's to change or take back."""

    code = "called_by_others"
    status = 409
    text = _("A petition or an emergency called this vote. Nobody can change it or take it back.")


class WrongKind(DomainError):
    """Not every type of decision can be taken in every way."""

    code = "wrong_kind"
    text = _("This type of decision cannot be taken in this way, or not for so many seats.")


class BadOptions(DomainError):
    """The options of a vote are named, distinct, at most 26, and as many as it needs."""

    code = "bad_options"
    text = _(
        "Name at least two options, each once and briefly (at most 26). A motion has none; in an "
        "election somebody must stand."
    )


class UnknownAnswer(UnknownChoice):
    """A ballot answers with what its vote asks for: options of this vote, each at most once."""

    text = _("This ballot does not answer what is asked. Use each option at most once.")


class EqualRanks(UnknownChoice):
    """Where one vote goes from one candidate to the next, nobody shares a place."""

    text = _("Give each candidate a place of their own; leave out whom you do not want.")


class NothingToChange(DomainError):
    """What is asked for holds already."""

    code = "nothing_to_change"
    status = 409
    text = _("It is so already: nothing would change.")


class ObjectionMissing(DomainError):
    """Whoever objects to a consent says why and what would have to change (R21)."""

    code = "objection_missing"
    text = _("To object, say why and what would have to change.")
