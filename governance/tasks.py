"""What Celery beat asks for."""

from celery import shared_task

from governance.services import advance as advance_all


@shared_task(name="governance.tasks.advance")
def advance() -> None:
    """Open, close and carry out what is due; running it twice or late harms nothing."""
    advance_all()
