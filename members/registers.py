"""The register as of any day, as known at any moment: read from events and particulars alone.

Of the rows that hold on a day and were recorded by the moment, the one recorded last is the truth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from members.models import Member, MemberEvent
from members.transitions import MEMBERS

AS_OF = """
FROM members_member AS m
JOIN LATERAL (
    SELECT min(effective_on) AS first_on, max(id) AS id,
           (array_agg(effective_on ORDER BY id DESC))[1] AS latest_on
    FROM members_memberevent
    WHERE member_id = m.id AND to_state = 'active' AND from_state IN ('', 'applicant')
      AND effective_on <= %(day)s AND recorded_at <= %(known)s
) AS admission ON admission.id IS NOT NULL
JOIN LATERAL (
    SELECT to_state AS state FROM members_memberevent
    WHERE member_id = m.id AND effective_on <= %(day)s AND recorded_at <= %(known)s
    ORDER BY id DESC LIMIT 1
) AS latest ON true
LEFT JOIN LATERAL (
    SELECT effective_on, reason FROM members_memberevent
    WHERE member_id = m.id AND id > admission.id AND latest.state <> ALL (%(members)s)
      AND to_state IN ('left', 'expelled', 'deceased')
      AND effective_on <= %(day)s AND recorded_at <= %(known)s
    ORDER BY id DESC LIMIT 1
) AS ended ON true
LEFT JOIN LATERAL (
    SELECT name, address FROM members_particulars
    WHERE member_id = m.id AND valid_from <= %(day)s AND recorded_at <= %(known)s
    ORDER BY id DESC LIMIT 1
) AS said ON true
WHERE m.number IS NOT NULL AND (%(states)s::text[] IS NULL OR latest.state = ANY (%(states)s))"""
ROWS = f"""
SELECT m.id, m.number, m.kind, coalesce(said.name, ''), coalesce(said.address, ''), latest.state,
       admission.first_on, admission.latest_on, ended.effective_on, coalesce(ended.reason, '')
{AS_OF} AND m.number > %(after)s ORDER BY m.number LIMIT %(limit)s"""
COUNTS = f"SELECT latest.state, count(*) {AS_OF} GROUP BY latest.state"


@dataclass(frozen=True)
class Entry:
    """A member as the register has them on a day; `ended_on` and `reason` of those who left."""

    member_id: int
    number: int
    kind: str
    name: str
    address: str
    state: str
    first_admitted_on: date
    admitted_on: date
    ended_on: date | None
    reason: str

    @property
    def kind_name(self) -> str:
        """Person or organisation, in the reader's language."""
        return str(Member.Kind(self.kind).label)

    @property
    def state_name(self) -> str:
        """The state in the reader's language."""
        return str(Member.State(self.state).label)

    @property
    def reason_name(self) -> str:
        """Why the membership ended, in the reader's language."""
        return str(MemberEvent.Reason(self.reason).label) if self.reason else ""


def register_at(
    day: date,
    known: datetime | None = None,
    *,
    states: Iterable[str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Entry]:
    """Who had been admitted by a day, by number, as known at a moment (now); one statement.

    `states` narrows to those who were in one of them on that day; `after` is the last number
    of the page before.
    """
    rows = _select(ROWS, day, known, states, after=after, limit=limit)
    return [Entry(*row) for row in rows]


def members_at(day: date, known: datetime | None = None, **paging: Any) -> list[Entry]:
    """The list of members of a day: those who were members then."""
    return register_at(day, known, states=MEMBERS, **paging)


def counts_at(day: date, known: datetime | None = None) -> dict[str, int]:
    """How many of those ever admitted were in each state on a day."""
    return dict(_select(COUNTS, day, known, None))


def _select(
    statement: str,
    day: date,
    known: datetime | None,
    states: Iterable[str] | None,
    **more: Any,
) -> Sequence[Any]:
    values = {
        "day": day,
        "known": known or timezone.now(),
        "members": [str(state) for state in MEMBERS],
        "states": None if states is None else [str(state) for state in states],
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Any] = cursor.fetchall()
    return rows
