"""Thin: a message is a hint that something waits; what waits stands in PostgreSQL."""

import time

from celery import shared_task

from metering import months, services


@shared_task(name="metering.tasks.rate_waiting")
def rate_waiting(limit: int = 500) -> int:
    """Rate until nothing waits, or half a minute is over; asked for on arrivals and by beat."""
    services.sweep_enrolments()
    end, rated = time.monotonic() + 30, 0
    while (done := services.rate_waiting(limit=limit)) and time.monotonic() < end:
        rated += done
    return rated + done


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


@shared_task(name="metering.tasks.keep_months")
def keep_months() -> None:
    """Partitions for the months ahead, and payloads whose time is over; asked for daily."""
    months.keep_ahead()
    services.expire_payloads()
