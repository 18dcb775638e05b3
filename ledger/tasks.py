"""What the books need done beside the requests."""

from celery import shared_task

from ledger import partitions


@shared_task(name="ledger.tasks.keep_partitions_ahead")
def keep_partitions_ahead() -> None:
    """See once a day that the months ahead have their partitions; tomorrow where it is busy."""
    partitions.keep_ahead()
