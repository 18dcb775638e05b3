"""Thin: what is due stands in PostgreSQL, and is found by looking."""

from celery import shared_task
from django.utils import timezone

from titles import services


@shared_task(name="titles.tasks.sweep_moves")
def sweep_moves() -> int:
    """End reservations, offers and transfers past their time; offer what is free to who waits."""
    return services.sweep_moves()


@shared_task(name="titles.tasks.sweep_exits")
def sweep_exits() -> int:
    """Serve the queues of redemption, take the next step of defaults, end what is settled."""
    now = timezone.now()
    steps = services.sweep_redemptions(at=now) + services.sweep_defaults(at=now)
    return steps + services.sweep_leavings(at=now)


@shared_task(name="titles.tasks.settle_from_prepaid")
def settle_from_prepaid() -> int:
    """Pay charges from prepaid balances for the members who wish it."""
    return services.sweep_wishes()
