"""Thin: a message is a hint that something waits; what waits stands in PostgreSQL."""

from celery import shared_task

from metering import services


@shared_task(name="metering.tasks.rate_waiting")
def rate_waiting(limit: int = 500) -> int:
    """Rate what waits; asked for after each arrival and every few seconds."""
    services.sweep_enrolments()
    return services.rate_waiting(limit=limit)


@shared_task(name="metering.tasks.sweep_states")
def sweep_states() -> int:
    """Silence, quarantines that end by themselves; asked for every minute."""
    return services.sweep_states()


@shared_task(name="metering.tasks.check_both_sides")
def check_both_sides() -> int:
    """Compare links, write and close delivery notes, ask for stored blocks; asked for by beat."""
    services.sweep_notes()
    services.sweep_challenges()
    return services.compare_links()
