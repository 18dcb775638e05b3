"""The times of the vote on an emergency quarantine: it ends within the hard stop (R17)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from governance.models import Emergency, Proposal
from policies.queries import policy

if TYPE_CHECKING:
    from governance.terms import Terms

LEAST_SECONDS = 10
"""A ballot is open for at least as long as any other."""
PARTS_OF_NOTICE = 3
PARTS_TO_COUNT = 72
"""Of three days one hour is left to count and to carry out."""


def ratifying(terms: "Terms", proposal: Proposal, at: datetime) -> "Terms":
    """The terms of a vote, with the times of an emergency where it ratifies one.

    Notice is what policy says and at most a third of the hard stop, the ballot is open for what
    is left of it but a part to count in, and what carried is carried out at once.
    """
    emergency = Emergency.objects.filter(proposal=proposal.pk).first()
    if emergency is None or emergency.until is None or emergency.in_force_from is None:
        return terms
    whole = seconds_of(emergency.until - emergency.in_force_from)
    notice = min(policy("ratification_notice_seconds", at), whole // PARTS_OF_NOTICE)
    left = seconds_of(emergency.until - at) - notice - whole // PARTS_TO_COUNT
    return replace(
        terms,
        notice_seconds=notice,
        voting_seconds=max(left, LEAST_SECONDS),
        timelock_seconds=0,
        extension_seconds=0,
    )


def seconds_of(span: timedelta) -> int:
    """Whole seconds of a span, rounded down."""
    return span // timedelta(seconds=1)
