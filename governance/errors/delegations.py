"""Why a vote is not given into other hands."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class SpeaksForNobody(DomainError):
    """Only active members name others, and are named."""

    code = "speaks_for_nobody"
    text = _("Only an active member, other than yourself, can vote for you.")


class DelegationsOff(DomainError):
    """Policy has not enabled delegations; proxies there are always."""

    code = "delegations_off"
    status = 409
    text = _("Delegations that lead on are not in use here. Give a proxy instead.")


class NoProxyWhenSealed(DomainError):
    """A sealed vote takes neither proxies nor delegations (R12)."""

    code = "no_proxy_when_sealed"
    status = 409
    text = _("This vote is secret: nobody else can vote for you in it.")


class EndNeeded(DomainError):
    """What stands for more than one vote ends on a day, within what policy allows (R12)."""

    code = "end_needed"
    text = _("Say until when it stands: a moment to come, at most %(days)s days from now.")


class OneVoteHasItsEnd(DomainError):
    """A word for one vote ends with that vote."""

    code = "one_vote_has_its_end"
    text = _("A word for one vote ends with that vote. Leave the day empty.")


class BindsOnlyAProxy(DomainError):
    """Only a proxy for one vote binds its holder to an answer."""

    code = "binds_only_a_proxy"
    text = _("Only a proxy for one vote can be bound to an answer.")


class UnknownScope(DomainError):
    """A word is for all votes, for an area that actions have, or for one vote."""

    code = "unknown_scope"
    text = _("Say what it is for: all votes, one of the areas, or one vote.")


class HolderIsFull(DomainError):
    """Somebody holds as many proxies as the rules allow (R12)."""

    code = "holder_is_full"
    status = 409
    text = _("%(name)s holds %(heads)s proxies already, as many as one may. Name somebody else.")


class NotYourWord(DomainError):
    """Who gave a word and who holds it can end it."""

    code = "not_your_word"
    status = 403
    text = _("Only who gave it, or who holds it, can end it.")
