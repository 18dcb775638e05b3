"""What titles keep of a person, in short, what is open, and how they forget them.

A title and its salt stay byte for byte: docs/decisions/0014-what-erasure-leaves.md says why.
"""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from members.models import Member, User
from titles import exit_privacy, moves_privacy
from titles.models import (
    Inheritance,
    Leaving,
    RedemptionRequest,
    Subscription,
    Title,
    Transfer,
    WaitingPlace,
)


def data_on(member: Member) -> dict[str, Any]:
    """The titles that a member held or holds, and what came of the ways out."""
    held = Title.objects.filter(member=member).order_by("number").select_related("pool")
    return {
        "titles": [
            {
                "number": title.number,
                "pool": title.pool.code,
                "shares": title.units,
                "paid in (cents)": title.capital,
                "from": title.issued_at.isoformat(),
                "to": title.ended_at.isoformat() if title.ended_at else None,
                "how": title.origin,
                "state": title.state,
            }
            for title in held
        ],
        **moves_privacy.data_on(member),
        **exit_privacy.data_on(member),
    }


def open_matters(member: Member) -> list[str]:
    """Purchases, offers and redemptions that wait."""
    either = Q(giver=member) | Q(receiver=member)
    waiting = {
        _("a purchase that waits for its payment"): Subscription.objects.filter(
            member=member, state=Subscription.State.RESERVED
        ),
        _("a place on a waiting list"): WaitingPlace.objects.filter(
            member=member, state__in=["waiting", "offered"]
        ),
        _("an offer of shares that waits for an answer"): Transfer.objects.filter(
            either, state=Transfer.State.OFFERED
        ),
        _("a redemption in the queue"): RedemptionRequest.objects.filter(
            member=member, state=RedemptionRequest.State.WAITING
        ),
    }
    return [words for words, rows in waiting.items() if rows.exists()]


def forget(*, member: Member, actor: User | None) -> None:
    """What they wrote with offers and redemptions goes; call inside a transaction."""
    either = Q(giver=member) | Q(receiver=member)
    Transfer.objects.filter(either).exclude(note="").update(note="")
    asked = RedemptionRequest.objects.filter(member=member)
    asked.update(reason="", class_reason="")
    Leaving.objects.filter(member=member).update(text="")
    Inheritance.objects.filter(deceased=member).update(evidence="")
