"""Charges that are settled from what a member paid ahead."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from members.models import Member, User
from payments.models import OWED_KINDS, Charge, Payment, PrepaidWish
from payments.services import prepaid_balance
from titles.services.locks import lock_members, lock_pools
from titles.services.payment import Arrival, accept_arrivals


@transaction.atomic(durable=True)
def settle_from_prepaid(*, member: Member, actor: User | None) -> list[Payment]:
    """Pay what a member owes out of their balance, the longest due first, each whole.

    A charge that the balance does not cover is passed over, so that smaller ones are not kept
    waiting. A second call finds nothing more to pay.
    """
    return settle_within(member_id=member.pk, actor=actor)


def settle_within(*, member_id: int, actor: User | None) -> list[Payment]:
    """The same; call inside a transaction that holds nothing lower than a pool yet."""
    lock_pools(set(owed(member_id).values_list("lines__fund", flat=True)))
    lock_members(Member.objects.filter(pk=member_id))
    covered = _covered(list(owed(member_id)), prepaid_balance(member_id))
    today = timezone.localdate()
    arrivals = [
        Arrival(c.pk, c.amount, today, f"prepaid:{c.reference}", Payment.Source.PREPAID)
        for c in covered
    ]
    return accept_arrivals(arrivals=arrivals, actor=actor)


def sweep_wishes() -> int:
    """Settle for every member who wishes it and has both a balance and a debt; how many charges."""
    wanted = Member.objects.filter(
        prepaid_wish__settles=True, charges__state=Charge.State.OPEN, charges__kind__in=OWED_KINDS
    )
    return sum(len(settle_from_prepaid(member=member, actor=None)) for member in wanted.distinct())


def wishes_it(member_id: int) -> bool:
    """Whether a member wants charges settled from the balance by themselves."""
    return PrepaidWish.objects.filter(member_id=member_id, settles=True).exists()


def owed(member_id: int) -> QuerySet[Charge]:
    """The open charges that a balance may pay, the longest due first."""
    return Charge.objects.filter(
        member_id=member_id, state=Charge.State.OPEN, kind__in=OWED_KINDS
    ).order_by("due", "pk")


def _covered(charges: Sequence[Charge], there: int) -> list[Charge]:
    found = []
    for charge in charges:
        if charge.amount <= there:
            found.append(charge)
            there -= charge.amount
    return found
