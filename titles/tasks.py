"""Thin: what is due stands in PostgreSQL, and is found by looking."""

from celery import shared_task

from titles import services


@shared_task(name="titles.tasks.sweep_moves")
def sweep_moves() -> int:
    """End reservations, offers and transfers past their time; offer what is free to who waits."""
    return services.sweep_moves()
