"""What payments need done beside the requests; every task is a sweep that can be repeated."""

from celery import shared_task
from django.utils import timezone

from payments import services


@shared_task(name="payments.tasks.remind")
def remind() -> None:
    """Take every reminder step that is due today."""
    services.remind(today=timezone.localdate())


@shared_task(name="payments.tasks.send_mails")
def send_mails() -> None:
    """Send the letters that wait."""
    services.send_waiting()
