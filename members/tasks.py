"""What Celery beat asks for."""

from celery import shared_task

from members import services


@shared_task(name="members.tasks.forget_contacts")
def forget_contacts() -> None:
    """Forget how to reach those who left long ago; running it twice or late harms nothing."""
    services.forget_contacts()
