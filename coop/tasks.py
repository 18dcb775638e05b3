"""Sweeps that put several rooms together."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from coop.simulations import running
from payments.statements.sending import mail_period
from tokens.models import Period

LATELY = timedelta(days=45)
"""periods that ended longer ago have had their statements, or were moved in from elsewhere"""


@shared_task(name="coop.tasks.mail_statements")
def mail_statements() -> None:
    """Send the statements of the periods that were closed lately to whoever has none yet."""
    closed = Period.objects.filter(state="closed", end__gte=timezone.now() - LATELY)
    for period in closed.order_by("start"):
        end = timezone.localdate(period.end - timedelta(microseconds=1))
        mail_period(code=period.code, start=timezone.localdate(period.start), end=end)


@shared_task(name="coop.tasks.play_simulations")
def play_simulations() -> int:
    """Play what stewards have queued, one at a time on the whole site, and mark what was lost."""
    return running.play_queued()


@shared_task(name="coop.tasks.forget_simulations")
def forget_simulations() -> int:
    """Delete simulations that are older than the policy says."""
    return running.forget_old()
