"""What the books need done beside the requests."""

from celery import shared_task

from ledger import partitions
from ledger.log import mirror
from ledger.log import seal as sequencer

CHUNKS = 20
"""sealed by one task at most, so that a long backlog leaves room for what else is to be done"""


@shared_task(name="ledger.tasks.seal")
def seal() -> None:
    """Give what waits its place in the log, and hand it to the mirror that the settings name."""
    if sequencer.seal(chunks=CHUNKS):
        mirror.after_sealing()


@shared_task(name="ledger.tasks.keep_partitions_ahead")
def keep_partitions_ahead() -> None:
    """See once a day that the months ahead have their partitions; tomorrow where it is busy."""
    partitions.keep_ahead()
