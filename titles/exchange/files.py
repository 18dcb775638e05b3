"""The files of a register as text: read from a folder or a ZIP file, written in one spelling."""

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from titles.exchange.cells import Unreadable
from titles.exchange.shapes import SHAPES, Register, Row, Shape

MOST_BYTES = 100_000_000
"""of one file; a register of 30 years has a few million"""
NAMES = {shape.file for shape in SHAPES}
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: the file, its line, the column where it is one, what to do."""

    file: str
    line: int
    column: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f" [{self.column}]" if self.column else ""
        return f"{place}{column}: {self.text}"


class NotAnArchive(ValueError):
    """The bytes are no ZIP file, or one that cannot be taken."""


def from_folder(folder: Path) -> Files:
    """The files of a register in a folder; others are left alone."""
    return {
        name: (folder / name).read_bytes() for name in sorted(NAMES) if (folder / name).exists()
    }


def from_zip(raw: bytes) -> Files:
    """The files of a register in a ZIP file, at its top or in one folder. Raises NotAnArchive."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            found = {Path(i.filename).name: i for i in archive.infolist() if not i.is_dir()}
            wanted = {name: info for name, info in found.items() if name in NAMES}
            if any(info.file_size > MOST_BYTES for info in wanted.values()):
                raise NotAnArchive(_("A file in it is too large."))
            return {name: archive.read(info) for name, info in sorted(wanted.items())}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise NotAnArchive(_("This is not a ZIP file.")) from error


def to_zip(files: Files) -> bytes:
    """The files as a ZIP file; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read(files: Files) -> tuple[Register, list[Problem]]:
    """What the files say, and what in them cannot be read."""
    found: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for shape in SHAPES:
        rows: list[Row] = []
        if shape.file in files:
            rows, wrong = _rows(shape, files[shape.file])
            problems += wrong
        elif shape.needed:
            problems.append(Problem(shape.file, 0, "", _("This file is missing.")))
        found[shape.file.removesuffix(".csv")] = rows
    return Register(**found), problems  # type: ignore[arg-type]


def write(register: Register) -> Files:
    """The files of a register: UTF-8, commas, every column, one line end; exact."""
    return {shape.file: _written(shape, register) for shape in SHAPES}


def _written(shape: Shape, register: Register) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in shape.columns])
    for row in register.rows_of(shape):
        writer.writerow([c.cell.write(getattr(row, c.attribute)) for c in shape.columns])
    return out.getvalue().encode()


def _rows(shape: Shape, raw: bytes) -> tuple[list[Row], list[Problem]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return [], [Problem(shape.file, line, "", _("Save this file as UTF-8."))]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _read_all(shape, reader)
    except csv.Error as error:
        told = _("This line cannot be read as CSV (%(why)s).") % {"why": error}
        return [], [Problem(shape.file, reader.line_num, "", told)]


def _read_all(shape: Shape, reader: Any) -> tuple[list[Row], list[Problem]]:
    heading: list[str] = next(reader, [])
    problems = _wrong_heading(shape, heading)
    if problems:
        return [], problems
    rows: list[Row] = []
    line = reader.line_num + 1
    for values in reader:
        if values:
            row, wrong = _row(shape, heading, values, line)
            problems += wrong
            rows += [row] if row else []
        line = reader.line_num + 1
    return rows, problems


def _wrong_heading(shape: Shape, heading: list[str]) -> list[Problem]:
    known = {column.name for column in shape.columns}
    texts = [_("There is no column “%(name)s”.") % {"name": n} for n in heading if n not in known]
    texts += [
        _("The column “%(name)s” is missing.") % {"name": c.name}
        for c in shape.columns
        if c.needed and c.name not in heading
    ]
    if len(set(heading)) != len(heading):
        texts.append(_("A column stands there twice."))
    return [Problem(shape.file, 1, "", text) for text in texts]


def _row(
    shape: Shape, heading: list[str], values: list[str], line: int
) -> tuple[Row | None, list[Problem]]:
    if len(values) != len(heading):
        words = {"there": len(values), "wanted": len(heading)}
        told = _("This line has %(there)s values instead of %(wanted)s.") % words
        return None, [Problem(shape.file, line, "", told)]
    given, problems = dict(zip(heading, values, strict=True)), []
    read: dict[str, Any] = {}
    for column in shape.columns:
        if column.name not in given or (not column.needed and not given[column.name]):
            continue
        try:
            value = given[column.name]
            read[column.attribute] = column.cell.read(value if column.cell.exact else value.strip())
        except Unreadable as error:
            problems.append(Problem(shape.file, line, column.name, str(error)))
    return (None if problems else replace(shape.row(line=line), **read)), problems
