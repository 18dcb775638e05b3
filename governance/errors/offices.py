"""Why somebody does not stand, petition, or use the powers of an office."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class ElectedOffice(DomainError):
    """Who governs the cooperative is elected, and recalled by petition."""

    code = "elected_office"
    text = _("The office of %(office)s is given by election: propose an election instead.")


class OwnAction(DomainError):
    """What has an action of its own for a pool is changed by that one."""

    code = "own_action"
    text = _("For a pool this is changed by a proposal of its own kind: “%(action)s”.")


class NotAnElection(DomainError):
    """People stand only where people are elected, and only before the notice."""

    code = "not_an_election"
    status = 409
    text = _("Candidates stand in the draft of an election, before notice is given of it.")


class CannotStand(DomainError):
    """Who may hold an office: active members with an account, for so many terms."""

    code = "cannot_stand"
    text = _("%(name)s cannot stand: %(why)s.")


class NotInOffice(DomainError):
    """Somebody holds no such office now."""

    code = "not_in_office"
    status = 409
    text = _("%(name)s does not hold this office now.")


class PetitionRuns(DomainError):
    """One petition at a time against one person in one office."""

    code = "petition_runs"
    status = 409
    text = _("A petition against %(name)s is open already. Sign that one.")


class PetitionOver(DomainError):
    """A petition ends with its time, or with the vote that it calls."""

    code = "petition_over"
    status = 409
    text = _("This petition is over: its time has passed, or it has called its vote.")


class NoPower(DomainError):
    """Who may call or sign an emergency."""

    code = "no_power"
    status = 403
    text = _("You cannot sign an emergency: %(why)s.")


class SameFacts(DomainError):
    """Facts serve for one emergency (R17)."""

    code = "same_facts"
    status = 409
    text = _("These facts have served for an emergency already. Bring new ones, or propose a vote.")


class EmergencyOver(DomainError):
    """A call for an emergency lapses where too few sign it in time."""

    code = "emergency_over"
    status = 409
    text = _("This call is over: nobody can sign it any more.")


class AnsweredAlready(DomainError):
    """What is on the record stays as it is."""

    code = "answered_already"
    status = 409
    text = _("The answer to this emergency is on the record already.")


class PetitionNeeded(DomainError):
    """Nobody is recalled but after a petition of a tenth of either roll."""

    code = "petition_needed"
    status = 409
    text = _("A recall needs a petition first. Open one on the page of offices.")


class NotYourNode(DomainError):
    """The people of a node answer for it."""

    code = "not_your_node"
    status = 403
    text = _("Only those whose node it is, or whose use it measures, can answer.")


class SeatsTaken(DomainError):
    """There are so many seats, and some are held beyond the election."""

    code = "seats_taken"
    status = 409
    text = _("Only so many seats are free by then: %(free)s. Elect fewer.")
