"""Pages that cost the same however long the history is: by a cursor, neither counted nor skipped.

A cursor names the row that the reader has seen last and the way to go on from it, such as
"older.1234". Rows that are added meanwhile move nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
PER_PAGE = 50
OLDER, NEWER = "older", "newer"
LARGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class CursorPage(Generic[Row]):
    """Some rows, the newest first, and the cursors of the pages beside them ("" for none)."""

    rows: Sequence[Row]
    newer: str
    older: str

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def page_by(rows: QuerySet[Row], fields: Sequence[str], query: QueryDict) -> CursorPage[Row]:
    """The page after the cursor in the address; the newest where it is missing or makes no sense.

    Every field must grow along the rows, the last one strictly: an id, or a time with a version.
    """
    way, place = read_cursor(query.get("cursor", ""), len(fields))
    if way == NEWER:
        later = list(_beyond(rows, fields, place, "gt").order_by(*fields)[: PER_PAGE + 1])
        if len(later) > PER_PAGE:
            newest_first = later[PER_PAGE - 1 :: -1]
            return _page(newest_first, fields, has_newer=True, has_older=True)
        way = ""
    if way == OLDER:
        rows = _beyond(rows, fields, place, "lt")
    found = list(rows.order_by(*(f"-{name}" for name in fields))[: PER_PAGE + 1])
    has_older = len(found) > PER_PAGE
    return _page(found[:PER_PAGE], fields, has_newer=way == OLDER, has_older=has_older)


def read_cursor(text: str, length: int) -> tuple[str, list[int]]:
    """The way and the place in a cursor; "" and nothing where it is none."""
    way, *numbers = text.split(".")
    sound = all(number.isascii() and number.isdigit() for number in numbers)
    if way not in (OLDER, NEWER) or len(numbers) != length or not sound:
        return "", []
    place = [int(number) for number in numbers]
    return (way, place) if max(place) <= LARGEST else ("", [])


def _page(
    rows: list[Row], fields: Sequence[str], *, has_newer: bool, has_older: bool
) -> CursorPage[Row]:
    newer = _cursor(NEWER, rows[0], fields) if rows and has_newer else ""
    return CursorPage(rows, newer, _cursor(OLDER, rows[-1], fields) if has_older else "")


def _cursor(way: str, row: Model, fields: Sequence[str]) -> str:
    return ".".join([way, *(str(_number(getattr(row, name))) for name in fields)])


def _beyond(
    rows: QuerySet[Row], fields: Sequence[str], place: Sequence[int], than: str
) -> QuerySet[Row]:
    """Rows beyond a place: fields but the last may be equal, since all of them grow together."""
    model = rows.model._meta
    bounds = {
        f"{name}__{than}" + ("" if name == fields[-1] else "e"): _value(model.get_field(name), n)
        for name, n in zip(fields, place, strict=True)
    }
    return rows.filter(**bounds)


def _number(value: Any) -> int:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else int(value)


def _value(field: Any, number: int) -> int | datetime:
    if field.get_internal_type() != "DateTimeField":
        return number
    try:
        return EPOCH + number * MICROSECOND
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
