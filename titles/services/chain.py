"""Titles end and others take their place: the one way in which units leave a title.

Transfer, gift, split, inheritance, redemption and sell-down all choose titles here, book their
own transaction, and then end the old titles and issue what follows from them here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from assets.models import Pool
from members.models import Member
from titles.chain import Held, Part, deal, take
from titles.errors import TooFewUnits
from titles.models import Title, TitleLink
from titles.services.issue import Cause, Grant, issue_titles

END = """
UPDATE titles_title SET state = %(state)s, end_txn_id = %(txn)s,
       ended_at = greatest(%(at)s, issued_at), end_recorded_at = greatest(%(now)s, recorded_at)
WHERE id = ANY(%(ids)s) AND state = 'live'"""


@dataclass(frozen=True)
class Chosen:
    """Units that leave a holder: the titles they come from, and what stays of the last one."""

    holder: Member
    parts: Sequence[Part]
    rest: Part | None

    @property
    def units(self) -> int:
        """Units that leave."""
        return sum(part.units for part in self.parts)

    @property
    def capital(self) -> int:
        """Cents that were paid in for them: they go where the units go, at no new price."""
        return sum(part.capital for part in self.parts)


def choose(
    *, pool: Pool, holder: Member, units: int, numbers: Sequence[int] | None = None
) -> Chosen:
    """Titles of a holder for so many units: those named by number, in that order, else the oldest.

    Call inside a transaction with the pool and the holder locked. Raises TooFewUnits: nothing is
    ever cut down to what is there.
    """
    live = Title.objects.filter(pool=pool, member=holder, state=Title.State.LIVE)
    found = {t.number: Held(t.pk, t.units, t.capital) for t in live.order_by("number")}
    order = list(found) if numbers is None else [n for n in numbers if n in found]
    held = [found[number] for number in dict.fromkeys(order)]
    there = sum(title.units for title in held)
    if units < 1 or there < units:
        raise TooFewUnits(asked=units, held=there, pool=pool.name)
    return Chosen(holder, *take(held, units))


def replace(
    *,
    pool: Pool,
    chosen: Chosen,
    takers: Sequence[Grant],
    cause: Cause,
    state: str,
) -> list[Title]:
    """End the chosen titles and issue what follows: a title for each taker, in order, linked.

    What is left of a divided title goes back to its holder as a new title of origin `split`.
    Without takers the units go back to the treasury: the titles end as cancelled. The units must
    have moved already in the transaction that `cause` names. Call inside a transaction.
    """
    end_titles(ids=[part.pk for part in chosen.parts], state=state, cause=cause)
    dealt = deal(chosen.parts, [taker.units for taker in takers]) if takers else []
    numbers = _numbers(chosen.parts)
    grants = [
        Grant(t.member, t.units, sum(p.capital for p in parts), t.origin, _cited(parts, numbers))
        for t, parts in zip(takers, dealt, strict=True)
    ]
    if chosen.rest is not None:
        rest, cited = chosen.rest, _cited([chosen.rest], numbers)
        grants.append(Grant(chosen.holder, rest.units, rest.capital, Title.Origin.SPLIT, cited))
        dealt.append([rest])
    titles = issue_titles(pool=pool, grants=grants, cause=cause)
    _link(titles, dealt)
    return titles[: len(takers)]


def _numbers(parts: Sequence[Part]) -> dict[int, int]:
    found = Title.objects.filter(pk__in=[part.pk for part in parts])
    return dict(found.values_list("pk", "number"))


def _cited(parts: Sequence[Part], numbers: dict[int, int]) -> list[int]:
    return sorted(numbers[part.pk] for part in parts)


def end_titles(*, ids: Sequence[int], state: str, cause: Cause) -> None:
    """End live titles, all of them or none; call inside a transaction. Raises TooFewUnits."""
    now = timezone.now()
    values: dict[str, Any] = {
        "ids": list(ids), "state": state, "txn": cause.txn_id, "at": moment_of(cause), "now": now,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(END, values)
        if cursor.rowcount != len(ids):
            raise TooFewUnits(asked=len(ids), held=cursor.rowcount, pool="")


def moment_of(cause: Cause) -> datetime:
    """From when the titles of a cause count."""
    return (cause.at or timezone.now()).replace(microsecond=0)


def _link(titles: Sequence[Title], dealt: Sequence[Sequence[Part]]) -> None:
    TitleLink.objects.bulk_create(
        TitleLink(earlier_id=part.pk, later=title, units=part.units)
        for title, parts in zip(titles, dealt, strict=True)
        for part in parts
    )
