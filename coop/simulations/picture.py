"""What the pages say about one run, or about two: pictures, tables, differences marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assets.names import resource_name
from coop import charts
from coop.amounts import (
    CENT_DIGITS,
    NBSP,
    RATE_DIGITS,
    decimal_text,
    money_text,
    rate_text,
    tokens_text,
    whole_text,
)
from coop.simulations.numbers import OF_POOL, OF_YIELD, Kind, Numbers, Values

MARKS = ("A", "B")
SHOWN_MEMBERS = 50
TITLES: Mapping[str, Promise] = {
    "unit_cost": _("Cost of a token"),
    "price": _("Price of a token"),
    "overage_matched": _("Overage met by sellers, tokens"),
    "overage_unbacked": _("Overage that nobody backed, tokens"),
    "vacancy": _("Vacancy: cost of what nobody owns"),
    "growth_fund": _("Growth fund"),
    "reserve": _("Paid into the reserve"),
    "treasury": _("Shares in the treasury"),
    "owned_median": _("Owned share of use, the member in the middle"),
    "owned_lowest": _("Owned share of use, the lowest"),
}


@dataclass(frozen=True)
class Picture:
    """One measure over the months: the drawing twice, the rows of its table."""

    title: str
    wide: charts.LineChart
    narrow: charts.LineChart
    top: str
    half: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class EndRow:
    """One measure at the end: a text per run, and the difference from A to B."""

    title: str
    values: tuple[str, ...]
    difference: str


@dataclass(frozen=True)
class PoolPictures:
    """Everything on one pool; `nought` names what is zero in every month of every run."""

    code: str
    pictures: tuple[Picture, ...]
    ends: tuple[EndRow, ...]
    nought: tuple[str, ...]


def pools_of(runs: Sequence[Numbers], member: str = "") -> list[PoolPictures]:
    """The pools of the runs in the order of the first, with those that only the second has."""
    places: dict[str, list[str]] = {}
    for run in runs:
        for pool, resources in run.places:
            known = places.setdefault(pool, [])
            known += [resource for resource in resources if resource not in known]
    return [one_pool(code, resources, runs, member) for code, resources in places.items()]


def one_pool(
    code: str, resources: Sequence[str], runs: Sequence[Numbers], member: str
) -> PoolPictures:
    found = [*measures(code, resources, runs, member)]
    drawn = [one for one in found if any(any(row) for row in one[2])]
    return PoolPictures(
        code=code,
        pictures=tuple(picture(title, kind, rows, runs) for title, kind, rows in drawn),
        ends=tuple(end_row(title, kind, rows, runs) for title, kind, rows in found),
        nought=tuple(title for title, _kind, rows in found if not any(any(row) for row in rows)),
    )


def measures(
    code: str, resources: Sequence[str], runs: Sequence[Numbers], member: str
) -> Iterator[tuple[str, Kind, list[Values]]]:
    """(title, kind, a row per run) of every measure of a pool; empty rows where a run has none."""
    for resource in resources:
        of_it = f" · {resource_name(resource)}" if len(resources) > 1 else ""
        for key, kind in OF_YIELD:
            title = f"{TITLES[key]}{of_it}"
            yield title, kind, [run.rows.get((code, resource, key), ()) for run in runs]
    for key, kind in OF_POOL:
        yield str(TITLES[key]), kind, [run.rows.get((code, "", key), ()) for run in runs]
    if member:
        title = gettext("Owned share of use, member %(member)s") % {"member": member}
        yield title, "percent", [run.owned.get(code, {}).get(member, ()) for run in runs]


def picture(title: str, kind: Kind, rows: Sequence[Values], runs: Sequence[Numbers]) -> Picture:
    labels = labels_of(runs)
    top = 100 if kind == "percent" else 0
    wide = charts.line_chart(labels, rows, top=top)
    narrow = charts.line_chart(labels, rows, top=top, width=300, height=180, left=62, ticks=3)
    currency = runs[0].currency
    return Picture(
        title=title,
        wide=wide,
        narrow=narrow,
        top=shown(wide.top, kind, currency),
        half=shown(wide.top // 2, kind, currency) if wide.top % 2 == 0 else "",
        rows=tuple(
            (
                label,
                tuple(
                    shown(row[place] if place < len(row) else None, kind, run.currency)
                    for row, run in zip(rows, runs, strict=True)
                ),
            )
            for place, label in enumerate(labels)
        ),
    )


def labels_of(runs: Sequence[Numbers]) -> list[str]:
    """The months; where two runs begin in different ones, their numbers from 1."""
    longest = max(runs, key=lambda run: len(run.months))
    if len({run.months[0] for run in runs}) == 1:
        return list(longest.months)
    words = gettext("month %(number)s")
    return [words % {"number": number} for number in range(1, len(longest.months) + 1)]


def end_row(title: str, kind: Kind, rows: Sequence[Values], runs: Sequence[Numbers]) -> EndRow:
    """The last month of each run; what is counted month by month stands there too."""
    last = [row[-1] if row else None for row in rows]
    values = tuple(shown(value, kind, run.currency) for value, run in zip(last, runs, strict=True))
    return EndRow(title, values, difference(last, kind, runs[0].currency))


def difference(values: Sequence[int | None], kind: Kind, currency: str) -> str:
    """From the first to the second, with a mark that is no colour; "" where there is one run."""
    if len(values) < 2:
        return ""
    first, second = values[0], values[1]
    if first is None or second is None:
        return "–"
    change = second - first
    if not change:
        return "="
    return f"{'▲' if change > 0 else '▼'}{NBSP}{shown(abs(change), kind, currency)}"


@dataclass(frozen=True)
class MemberRow:
    """A member at the end: units of a pool per run, and the difference."""

    name: str
    pool: str
    values: tuple[str, ...]
    credits: tuple[str, ...]
    difference: str
    size: int


def member_rows(runs: Sequence[Numbers]) -> tuple[list[MemberRow], int]:
    """The members' units at the end, those that differ most first; how many are not shown."""
    places = {
        (name, pool): None
        for run in runs
        for name, held in run.units.items()
        for pool, units in held.items()
        if units or run.credit[name].get(pool)
    }
    rows = [member_row(name, pool, runs) for name, pool in places]
    if len(runs) > 1:
        rows.sort(key=lambda row: -row.size)
    return rows[:SHOWN_MEMBERS], max(0, len(rows) - SHOWN_MEMBERS)


def member_row(name: str, pool: str, runs: Sequence[Numbers]) -> MemberRow:
    units = [run.units.get(name, {}).get(pool) for run in runs]
    credit = [run.credit.get(name, {}).get(pool) for run in runs]
    change = abs((units[-1] or 0) - (units[0] or 0))
    return MemberRow(
        name=name,
        pool=pool,
        values=tuple(shown(value, "units", "") for value in units),
        credits=tuple(
            shown(value, "money", run.currency) for value, run in zip(credit, runs, strict=True)
        ),
        difference=difference(units, "units", ""),
        size=change,
    )


def shown(value: int | None, kind: Kind, currency: str) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None:
        return "–"
    if kind == "percent":
        return f"{value}{NBSP}%"
    if kind == "tokens":
        return tokens_text(value)
    if kind == "units":
        return whole_text(value)
    if currency == settings.COOP_CURRENCY:
        return money_text(value) if kind == "money" else rate_text(value)
    digits = CENT_DIGITS if kind == "money" else RATE_DIGITS
    return f"{decimal_text(value, digits, 2)}{NBSP}{currency}"


def page_of(runs: Sequence[Numbers], member: str = "") -> dict[str, Any]:
    """What the template of one run, or of two, is filled with."""
    rows, more = member_rows(runs)
    return {
        "pools": pools_of(runs, member),
        "members": rows,
        "more_members": more,
        "marks": MARKS if len(runs) > 1 else (),
        "broken": [run.invariants for run in runs if run.invariants != "ok"],
    }
