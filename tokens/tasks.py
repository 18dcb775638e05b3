"""Thin: what is to be done stands in PostgreSQL; a message is a hint that something waits."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tokens import services

log = logging.getLogger(__name__)


@shared_task(name="tokens.tasks.close_period")
def close_period(run_id: int) -> None:
    """Do what is left of a close, step after step."""
    services.run_close(run_id)


@shared_task(name="tokens.tasks.carry_closes_on")
def carry_closes_on() -> int:
    """Carry on the closes whose worker died or whose message was lost."""
    return services.sweep_closes()


@shared_task(name="tokens.tasks.return_loans")
def return_loans() -> int:
    """Give back the loans whose moment has come."""
    return services.return_due_loans(now=timezone.now())


@shared_task(name="tokens.tasks.clear_auctions")
def clear_auctions() -> int:
    """Clear the auctions whose moment has come."""
    return services.sweep_auctions(at=timezone.now())


def hint_close(run_id: int) -> None:
    """Tell a worker of a run once it is committed; where the broker is away, the sweep finds it."""
    transaction.on_commit(lambda: _send(run_id))


def _send(run_id: int) -> None:
    try:
        close_period.apply_async(args=(run_id,), retry=False)
    except OperationalError:
        log.warning("no broker: the sweep will find the close")
