"""What the register refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class AlreadyFounded(DomainError):
    """A site serves one cooperative only."""

    code = "already_founded"
    status = 409
    text = _("This site serves %(name)s already. Nothing was changed.")


class AddressTaken(DomainError):
    """Somebody registered with this e-mail address before."""

    code = "address_taken"
    status = 409
    text = _("Somebody registered with this e-mail address before. Sign in instead.")


class NameMissing(DomainError):
    """A member without a name cannot stand on the register."""

    code = "name_missing"
    text = _("The register needs a name.")


class BylawsNotAccepted(DomainError):
    """An application is for the bylaws in force, and no others."""

    code = "bylaws_not_accepted"
    text = _("Read and accept the bylaws of %(version)s to apply.")


class AlreadyApplied(DomainError):
    """A user stands on the register once."""

    code = "already_applied"
    status = 409
    text = _("You have applied already; your application stands as it was.")


class NotAnApplicant(DomainError):
    """Only an application that waits can be decided."""

    code = "not_an_applicant"
    status = 409
    text = _("%(name)s is not waiting for a decision: the state is “%(state)s”.")


class ReasonMissing(DomainError):
    """A refusal without a reason cannot be answered."""

    code = "reason_missing"
    text = _("Say why, in a sentence that the applicant will read.")


class RoleNotHeld(DomainError):
    """An office that nobody holds cannot end."""

    code = "role_not_held"
    status = 409
    text = _("%(user)s does not hold this office.")


class StateRefused(DomainError):
    """A member's state changes only as the law of memberships allows."""

    code = "state_refused"
    status = 409
    text = _("%(name)s is “%(old)s” and cannot become “%(new)s” by %(reason)s.")


class NotYet(DomainError):
    """What is recorded has happened; it is not a plan."""

    code = "not_yet"
    text = _("The day lies in the future. Record it on or after that day.")


class TooEarly(DomainError):
    """Nothing happens to a member before their application."""

    code = "too_early"
    text = _("%(name)s stands on the register since %(first)s only. Take that day or a later one.")


class DecidedByVote(DomainError):
    """The rules leave this decision to the members."""

    code = "decided_by_vote"
    status = 403
    text = _("The members decide on this by vote. Propose it under Decisions.")


class NumberNotFree(DomainError):
    """A number is given once, or is void for ever."""

    code = "number_not_free"
    status = 409
    text = _("Number %(number)s is given or void already.")


class UnknownBylaws(DomainError):
    """Nobody can accept bylaws that were never published."""

    code = "unknown_bylaws"
    text = _("There are no bylaws of this version.")


class BylawsExist(DomainError):
    """A version is published once; its text never changes."""

    code = "bylaws_exist"
    status = 409
    text = _("Version %(version)s is published with another text. Give the new one its own name.")


class NothingToRevoke(DomainError):
    """What is not in force cannot be taken back."""

    code = "nothing_to_revoke"
    status = 409
    text = _("There is nothing in force to take back. Nothing was changed.")


class NotAnOrganisation(DomainError):
    """A person acts for themselves."""

    code = "not_an_organisation"
    text = _("%(name)s is a person. Only organisations have representatives.")


class SameMember(DomainError):
    """Two different members are needed."""

    code = "same_member"
    text = _("Name somebody other than the member themselves.")


class LastSteward(DomainError):
    """A cooperative without a steward could grant no office again."""

    code = "last_steward"
    status = 409
    text = _("This is the only steward. Grant the office to somebody else first.")


class EndsTooSoon(DomainError):
    """An office ends after it begins."""

    code = "ends_too_soon"
    text = _("The office would end before it begins. Take a later day.")


class NothingToAppeal(DomainError):
    """Suspension, expulsion and refusal can be appealed against, each once."""

    code = "nothing_to_appeal"
    status = 409
    text = _("There is no decision against which you could still appeal.")


class NothingToAnswer(DomainError):
    """An appeal is answered once."""

    code = "nothing_to_answer"
    status = 409
    text = _("This appeal has its answer already.")


class UnknownMember(DomainError):
    """No member has this number."""

    code = "unknown_member"
    text = _("Nobody has member number %(number)s.")


class UnknownUser(DomainError):
    """Only somebody who signed up can hold an office or act for an organisation."""

    code = "unknown_user"
    text = _("There is no user for this. They need to sign up first.")


class HandsNothingOn(DomainError):
    """A limit keeps a member's tokens with them until it ends."""

    code = "hands_nothing_on"
    status = 403
    text = _(
        "A limit holds until %(until)s: until then you use your tokens, but give, lend, sell and "
        "take out none."
    )
