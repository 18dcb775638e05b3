"""Why a key, a deal, a sealed ballot or a tally is not taken."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NotSealable(DomainError):
    """Sealed ballots need one chamber, in which everybody has one vote."""

    code = "not_sealable"
    text = _("Two chambers decide this: it cannot be voted on with sealed ballots.")


class NoTrustees(DomainError):
    """A sealed vote is announced with its key."""

    code = "no_trustees"
    status = 409
    text = _("First the trustees make the key of this sealed vote and upload it here.")


class NotSealed(DomainError):
    """Keys, ballot papers and tallies belong to votes with sealed ballots."""

    code = "not_sealed"
    status = 409
    text = _("This vote has open ballots: there is no key and no tally.")


class BadTrusteeKey(DomainError):
    """A trustee's public key that cannot be one, or that stands here already."""

    code = "bad_trustee_key"
    text = _(
        "Give the 64 hex digits that coop-trustee keygen shows, of a key that is not here yet."
    )


class TooFewTrustees(DomainError):
    """A vote's key is shared by as many trustees as policy asks for."""

    code = "too_few_trustees"
    text = _("A sealed vote has at least %(n)s trustees, and at least %(k)s of them open it.")


class BadDeal(DomainError):
    """A file that is not a deal of this vote's key to trustees of this cooperative."""

    code = "bad_deal"
    text = _("This is not a deal for this vote: %(why)s")


class BadSealedBallot(DomainError):
    """A ciphertext that no ballot has, or that somebody else cast before."""

    code = "bad_sealed_ballot"
    text = _("This is no sealed ballot of this vote. Seal one afresh from its ballot paper.")


class BadTracker(DomainError):
    """A tracker is 128 bits that nobody else can guess."""

    code = "bad_tracker"
    text = _("A tracker has 32 digits from 0 to 9 and a to f.")


class NotATrustee(DomainError):
    """The trustees of a vote, and stewards, bring its files."""

    code = "not_a_trustee"
    status = 403
    text = _("Only a trustee of this vote or a steward can do this.")


class BadTally(DomainError):
    """A file that is not what the trustees of this vote counted from its whole board."""

    code = "bad_tally"
    text = _("This tally is not taken: %(why)s")


class OldCounter(DomainError):
    """Of a voter's sealed ballots the highest counter counts, so the next one is higher."""

    code = "old_counter"
    status = 409
    text = _("A ballot with this counter, or a higher one, was cast already. Take a higher one.")
