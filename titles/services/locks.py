"""The locks of ownership, in the order of docs/locking.md: pool → period → member → accounts.

The counter of title numbers comes after the accounts: it is taken last and held until commit.
"""

from collections.abc import Collection

from django.db.models import QuerySet

from assets.models import Pool
from members.models import Member
from titles.models import Subscription


def lock_pool(pool: Pool) -> Pool:
    """The pool as it is now; whoever changes its units or credit waits for the lock."""
    return Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)


def lock_pools(codes: Collection[str]) -> dict[str, Pool]:
    """Pools by code, locked in the order of their ids."""
    found = Pool.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("pk")
    return {pool.code: pool for pool in found}


def lock_member(member_id: int) -> Member:
    """The member as they are now."""
    return Member.objects.select_for_update(no_key=True).get(pk=member_id)


def lock_members(members: QuerySet[Member]) -> list[Member]:
    """The members as they are now, locked in the order of their ids."""
    wanted = members.order_by().values("pk")
    found = Member.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    return list(found.order_by("pk"))


def lock_subscription(subscription_id: int) -> Subscription:
    """The purchase as it is now."""
    return Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id)
