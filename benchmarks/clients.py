"""Python processes that book one transfer after the other, each committed before the next.

`python -m benchmarks.clients ledger|hordak` is one of them: it reads orders from its input, a
line of JSON each, and answers each with the number of transfers. `Crew` starts and commands some.
"""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import IO

ACCOUNTS = 1000
Transfer = Callable[[int, int], object]
"""books one unit from an account to another, by their places from 0, durably"""


class Crew:
    """Processes of one kind, started once and kept for all rounds."""

    def __init__(self, kind: str, size: int) -> None:
        settings = "benchmarks.hordak_settings" if kind == "hordak" else "coop.settings"
        self.members = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.clients", kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
            )
            for _ in range(size)
        ]
        for member in self.members:
            said(member)

    def per_second(self, hot: bool, clients: int, seconds: float) -> float:
        """Transfers per second of so many of them together."""
        order = {"hot": hot, "seconds": seconds, "at": time.time() + 0.1}
        chosen = self.members[:clients]
        for member in chosen:
            assert member.stdin is not None
            print(json.dumps(order), file=member.stdin, flush=True)
        return sum(int(said(member)) for member in chosen) / seconds

    def dismiss(self) -> None:
        """End them."""
        for member in self.members:
            member.communicate()


def said(member: subprocess.Popen[str]) -> str:
    """The next line that a process says; raises SystemExit where it ended instead."""
    output: IO[str] | None = member.stdout
    line = output.readline() if output else ""
    if not line:
        raise SystemExit(f"a client ended with {member.wait()}")
    return line


def main() -> None:
    """Obey orders until there are no more."""
    import django

    django.setup()
    transfer = {"ledger": ledger_transfer, "hordak": hordak_transfer}[sys.argv[1]]()
    print("ready", flush=True)
    for line in sys.stdin:
        print(obeyed(transfer, **json.loads(line)), flush=True)


def obeyed(transfer: Transfer, hot: bool, seconds: float, at: float) -> int:
    """How many transfers were committed within the time, beginning at a moment."""
    transfer(1, 2)
    time.sleep(max(0.0, at - time.time()))
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        first, second = random.sample(range(1, ACCOUNTS), 2)
        transfer(0 if hot else first, second)
        count += 1
    return count


def ledger_transfer() -> Transfer:
    """This ledger: one call of its service, which is one database transaction."""
    from ledger.models import Account
    from ledger.services import Leg, Posting, post

    ids = list(Account.objects.filter(kind="bench").order_by("id").values_list("id", flat=True))

    def transfer(source: int, target: int) -> object:
        legs = [Leg(ids[target], 100), Leg(ids[source], -100)]
        return post(Posting(source="bench", key=uuid.uuid4().hex, kind="payment", legs=legs))

    return transfer


def hordak_transfer() -> Transfer:
    """django-hordak: `Account.transfer_to`, which its documentation says to use."""
    from django.db import transaction
    from hordak.models import Account
    from moneyed import Money

    rows = list(Account.objects.order_by("id"))
    amount = Money(1, "EUR")

    def transfer(source: int, target: int) -> object:
        with transaction.atomic():
            return rows[source].transfer_to(rows[target], amount)

    return transfer


if __name__ == "__main__":
    main()
