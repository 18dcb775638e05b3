"""Programs of the kill test: a writer and a sequencer that go on whatever happens to the server.

`python -m tests.faults.books_at_work writer NAME ACCOUNT…` prints each key once its transaction is
committed; `… sequencer` prints "sealing" in the middle of a batch and each head once it is there.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
django.setup()

from django.db import Error, connection, transaction  # noqa: E402

from ledger.log import seal, tree  # noqa: E402
from ledger.services import Leg, Posting, post_many  # noqa: E402

T = TypeVar("T")
A_MOMENT = 0.01
SMALL_CHUNK = 50


def insist(work: Callable[[], T]) -> T:
    """Do it again until the server has said that it is done."""
    while True:
        try:
            return work()
        except Error:
            connection.close()
            time.sleep(A_MOMENT)


def postings(name: str, number: int, accounts: list[int]) -> list[Posting]:
    """The transactions of one step: now one, now several; the same ones for the same number."""
    made = []
    for place in range(1 + number % 5):
        amount = (number * 37 + place * 11) % 997 + 1
        left = accounts[(number + place) % len(accounts)]
        right = accounts[(number * 3 + place + 1) % len(accounts)]
        if left != right:
            legs = [Leg(left, amount), Leg(right, -amount)]
            made.append(Posting(source=name, key=f"{number}.{place}", kind="test", legs=legs))
    return made


def write(name: str, accounts: list[int]) -> None:
    """Post for ever, and say what is committed."""
    for number in itertools.count():
        step = postings(name, number, accounts)
        insist(lambda step=step: transaction.atomic(durable=True)(post_many)(step))  # type: ignore[misc]
        say(*(posting.key for posting in step))
        time.sleep(A_MOMENT)


def keep_sealing() -> None:
    """Seal for ever; before each head stand still for a moment, so that one can be hit there."""
    publish = seal.publish
    seal.CHUNK = SMALL_CHUNK

    def slowly(size: int, xid_floor: int) -> object:
        say("sealing")
        time.sleep(A_MOMENT)
        return publish(size, xid_floor)

    seal.publish = slowly  # type: ignore[assignment]
    while True:
        if insist(seal.seal_chunk):
            head = insist(tree.newest)
            assert head is not None
            say(f"{head.size} {bytes(head.root).hex()}")
        time.sleep(A_MOMENT)


def say(*words: str) -> None:
    for word in words:
        print(word, flush=True)


if __name__ == "__main__":
    job, *given = sys.argv[1:]
    if job == "writer":
        write(given[0], [int(account) for account in given[1:]])
    keep_sealing()
