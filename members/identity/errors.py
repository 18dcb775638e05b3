"""What is refused about keys, vouches and erasure."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NotAMember(DomainError):
    """Only admitted members have keys."""

    code = "not_a_member"
    text = _("Only an admitted member can have a key here.")


class NotAKey(DomainError):
    """An Ed25519 public key is 32 bytes, written as 64 hex digits."""

    code = "not_a_key"
    text = _("A public key is written as 64 hex digits. Copy the line that coop-key shows.")


class NotAStatement(DomainError):
    """What came is not a signed file of the kind that is wanted here."""

    code = "not_a_statement"
    text = _("This is not the signed file. Paste everything that coop-key wrote.")


class StatementChanged(DomainError):
    """The site did not draft this statement, or not in these words."""

    code = "statement_changed"
    text = _("This site did not write these words for you. Take a fresh statement and sign that.")


class StatementTooOld(DomainError):
    """A statement is to be signed and sent on the day it is drafted."""

    code = "statement_too_old"
    text = _("This statement is more than a day old. Take a fresh one and sign that.")


class StatementUsed(DomainError):
    """A statement that came before and ended is not taken again."""

    code = "statement_used"
    status = 409
    text = _("This statement was sent before and has ended. Take a fresh one and sign that.")


class NotSigned(DomainError):
    """The key that must have signed did not."""

    code = "not_signed"
    text = _("The signature is not by the key that must sign this. Sign it with that key.")


class NoKey(DomainError):
    """The member has no current key."""

    code = "no_key"
    status = 409
    text = _("There is no current key for this. Register one first.")


class KeyEnded(DomainError):
    """The signature is by a key of the member that was not valid at that moment."""

    code = "key_ended"
    text = _("This is signed with a key that was not valid then. Sign it with the current key.")


class HasKey(DomainError):
    """A member has one current key."""

    code = "has_key"
    status = 409
    text = _("You have a key already. Replace it, or end it first.")


class KeyTaken(DomainError):
    """A key belongs to one member for ever, also after it ended."""

    code = "key_taken"
    status = 409
    text = _("This key was registered before. Make a new one.")


class EndUnknown(DomainError):
    """A key ends for a reason that the register knows."""

    code = "end_unknown"
    text = _("Say why the key ends: no longer used, lost, or somebody else may have it.")


class OwnKey(DomainError):
    """Nobody vouches for themselves."""

    code = "own_key"
    text = _("You cannot vouch for your own key.")


class LastsTooLong(DomainError):
    """A vouch holds for a time that policy bounds."""

    code = "lasts_too_long"
    text = _("A vouch can hold for 1 to %(most)s days.")


class StillAMember(DomainError):
    """Erasure is for those whose membership has ended."""

    code = "still_a_member"
    status = 409
    text = _("You are a member. Erasure can be asked for when the membership has ended.")


class AlreadyErased(DomainError):
    """What was erased cannot be erased again."""

    code = "already_erased"
    status = 409
    text = _("This person was erased before. Nothing is left to erase.")


class NothingAsked(DomainError):
    """A request that was decided or taken back is not decided again."""

    code = "nothing_asked"
    status = 409
    text = _("This request is not waiting any more.")


class KeptByLaw(DomainError):
    """The time for which the law wants the name kept is not over."""

    code = "kept_by_law"
    status = 409
    text = _("The name has to be kept until %(day)s. From then on it can be erased.")


class StillOpen(DomainError):
    """Something is open between the person and the cooperative."""

    code = "still_open"
    status = 409
    text = _("Something is still open: %(matters)s. Settle it first.")
