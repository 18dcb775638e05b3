"""The register in and out as CSV: exact, repeatable, all or nothing, every fault by its line."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from assets import interchange
from assets.models import Asset, AssetEvent, CapacityChange
from assets.queries import total_units
from assets.services import (
    end_asset,
    import_assets,
    move_asset,
    put_in_service,
    report_faulty,
    report_repaired,
    take_into_pool,
)
from assets.services.importing import Report
from tests.assets.things import days_ago, ordered, serving, the_pool
from tests.makers import all_wrong, make_pool

pytestmark = pytest.mark.django_db
HEAD = "code,pool,name,type,cost,state"


def take(text: str, *, dry_run: bool = False) -> Report:
    return import_assets(text=text, actor=None, dry_run=dry_run)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def of_every_kind() -> None:
    """Assets in every state, with all that a line can say."""
    serving("Plain", ordered=30)
    serving("=cmd|' /C calc'!A0", serial="'quoted", supplier='A "B", C\nD', place="+Mill")
    serving("Same day", ordered=12, ago=12, manufacturer="Ö", warranty_until=days_ago(-400))
    ordered("On its way", salvage=100, useful_months=7, purchased_on=days_ago(3), bill="-1")
    bought = ordered("In its pool")
    take_into_pool(asset_id=bought.pk, paid_from="loan", actor=None, key="bought")
    gift = ordered("A gift", cost=0)
    put_in_service(asset_id=gift.pk, on=days_ago(3), capacity={"storage": 5}, actor=None)
    broken, mended = serving("Broken"), serving("Mended")
    for asset in (broken, mended):
        report_faulty(asset_id=asset.pk, on=days_ago(20), reason="storm", actor=None)
    report_repaired(asset_id=mended.pk, on=days_ago(9), reason="fuse", actor=None)
    for state in ("retired", "sold", "lost"):
        end_asset(
            asset_id=serving(f"Was {state}").pk,
            to=Asset.State(state),
            on=days_ago(2),
            reason=f"it {state}",
            proceeds=700 if state == "sold" else 0,
            actor=None,
        )
    move_asset(
        asset_id=mended.pk, on=days_ago(1), place="Hill", location="Loft", reason="", actor=None
    )


def test_what_goes_out_comes_in_the_same_to_the_last_cell() -> None:
    of_every_kind()
    text = interchange.written()
    renamed = text.replace("A-0", "B-0").replace(",backbone,", ",second,")
    pool = make_pool("second", price=100)
    report = take(renamed)
    assert (report.errors, len(report.added)) == ([], 11)
    again = [row for row in rows_of(interchange.written()) if row[1] in ("pool", "second")]
    assert again == rows_of(renamed)
    assert total_units(pool) == total_units(the_pool())
    assert all_wrong() == []


def test_the_same_file_again_changes_nothing() -> None:
    of_every_kind()
    text = interchange.written()
    counts = [model.objects.count() for model in (Asset, AssetEvent, CapacityChange)]
    for _ in range(2):
        report = take(text)
        assert (report.errors, report.added, len(report.known)) == ([], [], 11)
    assert [m.objects.count() for m in (Asset, AssetEvent, CapacityChange)] == counts
    assert interchange.written() == text


def test_a_dry_run_tries_everything_and_keeps_nothing() -> None:
    the_pool()
    text = f"{HEAD}\nR-1,backbone,Router,router,25000,ordered\n"
    assert [line.code for line in take(text, dry_run=True).added] == ["R-1"]
    assert (Asset.objects.count(), total_units(the_pool())) == (0, 0)


def test_one_fault_anywhere_keeps_every_line_out_and_each_fault_is_named() -> None:
    the_pool()
    text = "\n".join(
        [
            HEAD + ",in_service,paid_from,ended_on,shares,capacity:bandwidth",
            "R-1,backbone,Router,router,25000,ordered,,,,,",
            "R-2,nowhere,Router,router,25000,ordered,,,,,",
            "R 3,backbone,,router,-5,melted,,,,,",
            "R-4,backbone,Router,router,25000,in_service,,,,,",
            "R-5,backbone,Router,router,25000,in_service,2026-13-01,grant,,,",
            "R-1,backbone,Router,router,25000,ordered,,,,,",
            "R-7,backbone,Router,router,25000,in_service,2999-01-01,grant,,,",
            "R-8,backbone,Router,router,25000,retired,2026-01-01,grant,,,",
            "R-9,backbone,Router,router,25000,in_service,2026-01-01,grant,,7,1.5",
            "R-10,backbone,Router,router,25000,in_service,2026-01-01,thieves,,,1",
            "R-11,backbone,Router,router,25000,in_service,2026-01-01,grant,,7,1",
            "short,line",
        ]
    )
    faults: dict[int, list[str]] = {}
    for fault in take(text).errors:
        faults.setdefault(fault.line, []).append(fault.text)
    assert {line: len(texts) for line, texts in faults.items()} == {
        3: 1,
        4: 4,
        5: 1,
        6: 2,
        7: 1,
        8: 1,
        9: 1,
        10: 1,
        11: 1,
        12: 1,
        13: 1,
    }
    assert "250" in faults[12][0] and "7" in faults[12][0]
    assert Asset.objects.count() == 0
    assert all_wrong() == []


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEAD + ",colour", "colour"),
        (HEAD + ",capacity:water", "capacity:water"),
        (HEAD + ",name", "twice"),
        ("code,pool,name,type,cost", "state"),
        ("", "missing"),
    ],
)
def test_columns_that_are_unknown_missing_or_double_refuse_the_file(
    header: str, words: str
) -> None:
    the_pool()
    report = take(f"{header}\n")
    assert any(words in fault.text for fault in report.errors)
    assert {fault.line for fault in report.errors} == {1}


def test_a_line_that_contradicts_the_register_is_a_fault() -> None:
    serving("Router", code="R-1")
    text = interchange.written().replace("25000", "26000").replace("Router", "Rooter")
    (fault,) = take(text).errors
    assert "R-1" in fault.text and "name" in fault.text and "cost" in fault.text


def test_what_is_no_csv_is_no_crash() -> None:
    the_pool()
    for text in ("", "\0", '"', f'{HEAD}\n"R-1,backbone', "ä" * 9999, f"{HEAD}\n" + "\n" * 99):
        report = take(text)
        assert report.added == []


def test_the_command_says_what_it_does(tmp_path: Path, capsys: Any) -> None:
    the_pool()
    file = tmp_path / "assets.csv"
    file.write_text(f"{HEAD}\nR-1,backbone,Router,router,25000,ordered\n", "utf-8-sig")
    call_command("import_assets", file, dry_run=True)
    assert Asset.objects.count() == 0
    call_command("import_assets", file)
    call_command("import_assets", file)
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "1 would be added, 0 there already",
        "1 added, 0 there already",
        "0 added, 1 there already",
    ]
    file.write_text(f"{HEAD}\nR-2,backbone,Router,router,much,ordered\n")
    with pytest.raises(CommandError, match=r"line 2: .*cost"), transaction.atomic():
        call_command("import_assets", file)
