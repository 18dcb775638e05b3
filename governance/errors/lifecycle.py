"""Why an objection, a halt, a correction or a second vote is refused."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NothingChanged(DomainError):
    """A new version says something new."""

    code = "nothing_changed"
    text = _("Nothing was changed, so there is no new version.")


class NotBackable(DomainError):
    """Members stand behind drafts of others."""

    code = "not_backable"
    status = 409
    text = _("Only active members can stand behind a draft, and only behind one of somebody else.")


class NotBacked(DomainError):
    """A proposer gives notice with enough members behind the draft."""

    code = "not_backed"
    status = 409
    text = _(
        "%(has)s members stand behind this draft, and %(needed)s are needed before you give "
        "notice of it yourself. Ask members to back it, or a steward to give notice."
    )


class NotObjectable(DomainError):
    """Users object to what owners decide, before the opening or before it is carried out."""

    code = "not_objectable"
    status = 409
    text = _(
        "Nobody can object to this now: users vote on it themselves, or it is not announced, not "
        "carried, or about to be carried out."
    )


class NotAmongUsers(DomainError):
    """Who objects is among those who would vote."""

    code = "not_among_users"
    status = 403
    text = _("Only members who were told of this vote, and are active, can object to it.")


class NotAuditor(DomainError):
    """The right to halt a vote is the auditors'."""

    code = "not_auditor"
    status = 403
    text = _("Only an auditor can halt a vote.")


class ReasonMissing(DomainError):
    """What steps into a vote says why."""

    code = "reason_missing"
    text = _("Say why: everybody reads the reason.")


class HaltedAlready(DomainError):
    """One halt for each auditor and vote."""

    code = "halted_already"
    status = 409
    text = _("You have halted this vote once; an auditor can do so once in a vote.")


class Halted(DomainError):
    """Nothing is certified or carried out during a halt."""

    code = "halted"
    status = 409
    text = _("An auditor has halted this vote. Nothing goes on before the halt ends.")


class NotCorrectable(DomainError):
    """Who may be added to a roll, and by whom."""

    code = "not_correctable"
    status = 403
    text = _(
        "A steward or an auditor can add somebody who is active and was a member before the "
        "notice, and never themselves."
    )


class NotOfThisChamber(DomainError):
    """A chamber of this vote; the owners' one for those who hold shares."""

    code = "not_of_this_chamber"
    text = _("This vote has no such chamber, or the member holds no shares and is no owner.")


class OnRollAlready(DomainError):
    """Nobody stands on a roll twice."""

    code = "on_roll_already"
    status = 409
    text = _("This member is on the roll already.")


class NotDeadlocked(DomainError):
    """A joint text is for two chambers that differ, while there is time for it."""

    code = "not_deadlocked"
    status = 409
    text = _(
        "There is nothing to reconcile here: the chambers did not differ, or the time is over."
    )


class SecondVoteWaits(DomainError):
    """A second vote is announced by time."""

    code = "second_vote_waits"
    status = 409
    text = _("This second vote is announced by itself, when the time for the joint text is over.")
