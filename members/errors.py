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
