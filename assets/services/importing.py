"""Taking in a register: every line through the services, all of them or none."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.interchange import Fault, Line, cells_of, first_yields, read
from assets.models import Asset, Pool
from assets.services.ending import end_asset
from assets.services.life import (
    put_in_service,
    register_asset,
    report_faulty,
    take_into_pool,
)
from assets.services.steps import ENDS, FAULTY, SERVES
from ledger.errors import DomainError
from members.models import User

FACTS = {
    "code": "code",
    "name": "name",
    "kind": "type",
    "manufacturer": "manufacturer",
    "model_name": "model",
    "serial": "serial",
    "place": "place",
    "location": "location",
    "purchased_on": "purchased_on",
    "supplier": "supplier",
    "bill": "bill",
    "warranty_until": "warranty_until",
}
SAME = tuple(name for name in FACTS.values() if name not in ("place", "location", "code"))


@dataclass
class Report:
    """What a file did, or would do: codes added, codes that were there, and what is wrong."""

    added: list[Line] = field(default_factory=list)
    known: list[Line] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)


class _Undo(Exception):
    """Leaves the transaction with nothing done."""


def import_assets(*, text: str, actor: User | None, dry_run: bool) -> Report:
    """Add the assets of a CSV file that are not on the register yet, by their inventory code.

    All lines or none: with any fault, and in a dry run, nothing is kept, yet every line was truly
    tried. An asset that is there with the same facts is left alone; with others it is a fault.
    """
    found = read(text)
    report = Report(errors=list(found.faults))
    wrong = {fault.line for fault in found.faults}
    try:
        with transaction.atomic():
            for line in found.lines:
                if line.number not in wrong:
                    _take(line, actor, report)
            if dry_run or report.errors:
                raise _Undo
    except _Undo:
        pass
    report.errors.sort(key=lambda fault: fault.line)
    return report


def _take(line: Line, actor: User | None, report: Report) -> None:
    there = Asset.objects.filter(code=line.code).select_related("pool").first()
    if there is not None:
        differing = _differing(there, line)
        report.known.append(line)
        if differing:
            words = {"code": line.code, "names": ", ".join(differing)}
            text = _("%(code)s is on the register with another %(names)s.") % words
            report.errors.append(Fault(line.number, text))
        return
    try:
        with transaction.atomic():
            _add(line, actor)
        report.added.append(line)
    except DomainError as error:
        report.errors.append(Fault(line.number, str(error)))


def _differing(asset: Asset, line: Line) -> list[str]:
    """The columns in which a line contradicts the register; where it stands now may differ."""
    cells = cells_of(asset)
    plain = {name: "" if value is None else str(value) for name, value in line.values.items()}
    names = [name for name in (*SAME, "pool", "cost") if cells[name] != plain[name]]
    brought = first_yields([asset]).get(asset.pk, {})
    return [*names, "capacity"] if line.values["in_service"] and brought != line.capacity else names


class NoSuchPool(DomainError):
    """A line names a pool that is not there."""

    code = "unknown_pool"


def _add(line: Line, actor: User | None) -> None:
    values = line.values
    pool = Pool.objects.filter(code=values["pool"]).first()
    if pool is None:
        raise NoSuchPool(_("There is no pool %(pool)s."), pool=values["pool"])
    asset = register_asset(
        pool=pool,
        on=values["ordered_on"] or values["in_service"] or timezone.localdate(),
        key=f"import:{line.code}",
        actor=actor,
        cost=values["cost"],
        salvage=values["salvage"] or 0,
        useful_months=values["useful_months"] or 60,
        **_facts(values),
    )
    if values["paid_from"] and values["cost"]:
        _into_pool(asset, values, actor)
    _live(asset, line, actor)


def _facts(values: dict[str, Any]) -> Any:
    return {field: values[column] for field, column in FACTS.items()}


def _into_pool(asset: Asset, values: dict[str, Any], actor: User | None) -> None:
    placed = take_into_pool(
        asset_id=asset.pk,
        paid_from=values["paid_from"],
        actor=actor,
        key=f"import:{asset.code}",
        on=values["in_service"],
    )
    if values["shares"] not in (None, placed.units_created):
        words = {"file": values["shares"], "made": placed.units_created}
        text = _("The file says %(file)s shares; at the price of that day it brings %(made)s.")
        raise DomainError(text, **words)


def _live(asset: Asset, line: Line, actor: User | None) -> None:
    values, state = line.values, line.values["state"]
    reason, since = values["reason"], values["in_service"]
    if since is not None:
        put_in_service(
            asset_id=asset.pk,
            on=since,
            capacity=line.capacity,
            actor=actor,
            reason=reason if state == SERVES else "",
        )
    if state == FAULTY:
        report_faulty(asset_id=asset.pk, on=since, reason=reason, actor=actor)
    if state in ENDS:
        end_asset(
            asset_id=asset.pk,
            to=Asset.State(state),
            on=values["ended_on"],
            reason=reason,
            proceeds=values["proceeds"] or 0,
            actor=actor,
        )
