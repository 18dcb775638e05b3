"""Recording usage: facts come in, are rated at once, in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from ledger.services import array_of
from tokens.errors import BelowZero, ReasonMissing, UnknownYield
from tokens.models import Period, RatingRun, Yield
from tokens.services.books import book_ids_for, rate

INSERT = """
INSERT INTO tokens_usage (book_id, rating_id, amount, kind, key, used_at, recorded_at, reason,
                          actor_id)
SELECT book_id, rating_id, amount, kind, key, used_at, now(), reason, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[],
            %s::text[]) AS u(book_id, rating_id, amount, kind, key, used_at, reason)
ON CONFLICT (key) DO NOTHING RETURNING id, book_id"""
GIVEN = ("amount", "kind", "key", "used_at", "reason")
"""what the statement takes of each row, as it is"""


@dataclass(frozen=True)
class UsageRow:
    """A signed amount of millitokens that a member used of a pool's resource at a moment.

    `key` names the source for ever; a negative amount is a correction and needs a reason.
    """

    member_id: int
    pool_id: int
    resource_id: int
    used_at: datetime
    amount: int
    key: str
    kind: str = "reading"
    reason: str = ""


@dataclass
class Outcome:
    """What became of rows: ids of new usage, rows of ended periods, rows before any period."""

    recorded: list[int] = field(default_factory=list)
    late: list[UsageRow] = field(default_factory=list)
    waiting: list[UsageRow] = field(default_factory=list)


@transaction.atomic
def record_usage(*, rows: Sequence[UsageRow], actor: AbstractBaseUser | None) -> Outcome:
    """Record usage and rate it; rows whose key is known add nothing.

    Rows of a period that is no longer open come back as `late`, rows of a time for which no
    period was opened yet as `waiting`: both unrecorded. All other rows are recorded together or
    not at all. Raises BelowZero, ReasonMissing, UnknownYield.
    """
    if any(row.kind == "correction" and not row.reason for row in rows):
        raise ReasonMissing
    outcome = Outcome()
    by_yield: dict[tuple[int, int], list[UsageRow]] = defaultdict(list)
    period = open_period_shared()
    for row in rows:
        if period is None or row.used_at >= period.end:
            outcome.waiting.append(row)
        elif row.used_at < period.start:
            outcome.late.append(row)
        else:
            by_yield[row.pool_id, row.resource_id].append(row)
    if period is not None and by_yield:
        outcome.recorded = _record(period, by_yield, actor)
    return outcome


def open_period_shared() -> Period | None:
    """The open period, locked against closing until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tokens_period WHERE state <> 'closed' FOR SHARE")
        found = cursor.fetchone()
    if found is None:
        return None
    return Period.objects.filter(pk=found[0], state=Period.State.OPEN).first()


def _record(
    period: Period,
    by_yield: dict[tuple[int, int], list[UsageRow]],
    actor: AbstractBaseUser | None,
) -> list[int]:
    yields = {
        (y.pool_id, y.resource_id): y
        for y in Yield.objects.filter(period=period).select_related("period")
    }
    runs: list[RatingRun] = []
    columns: list[tuple[int, int, UsageRow]] = []
    for key in sorted(by_yield):
        if key not in yields:
            raise UnknownYield
        books = book_ids_for(yields[key], [row.member_id for row in by_yield[key]])
        run = RatingRun.objects.create(yields=yields[key])
        runs.append(run)
        columns += [(books[row.member_id], run.pk, row) for row in by_yield[key]]
    added = insert_usage(columns, actor)
    if added and not rate(runs, sorted({book_id for _, book_id in added}), actor):
        raise BelowZero
    return [usage_id for usage_id, _ in added]


def insert_usage(
    columns: Sequence[tuple[int, int, UsageRow]], actor: AbstractBaseUser | None
) -> list[tuple[int, int]]:
    """Insert usage rows in one statement; (id, book id) of those that are new."""
    rows = [row for _, _, row in columns]
    arrays = (
        [book_id for book_id, _, _ in columns],
        [run_id for _, run_id, _ in columns],
        *([getattr(row, name) for row in rows] for name in GIVEN),
    )
    params = [None if actor is None else actor.pk, *map(array_of, arrays)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, params)
        added: list[tuple[int, int]] = cursor.fetchall()
    return added
