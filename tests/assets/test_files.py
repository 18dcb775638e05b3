"""Photos, documents and bills: hostile ones too; and the log of upkeep."""

import io
import struct
import zlib
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from PIL import Image

from assets import register
from assets.errors import CorrectedBefore, FileTooLarge, WrongDay, WrongFile
from assets.models import AssetFile, UpkeepEntry
from assets.pictures import MAX_BYTES, SIDE
from assets.services import add_file, log_upkeep, remove_file, show_file
from ledger.errors import KeyConflict
from tests.assets.things import days_ago, picture, serving
from tests.makers import make_steward

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
SCRIPT = b"<script>alert(1)</script>"


def add(data: bytes, kind: AssetFile.Kind = AssetFile.Kind.PHOTO, **how: Any) -> AssetFile:
    asset = how.pop("asset", None) or serving()
    return add_file(asset_id=asset.pk, kind=kind, data=data, actor=None, **how)


def with_position() -> bytes:
    """A picture that says where it was taken, and by which camera."""
    exif = Image.Exif()
    exif[0x010F] = "Camera works"
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (41.0, 24.0, 0.0)}
    return picture(exif=exif.tobytes())


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60 000 by 60 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_picture_is_kept_without_where_and_with_what_it_was_taken() -> None:
    sent = with_position()
    assert b"Camera works" in sent
    row = add(sent)
    kept = bytes(row.content)
    assert b"Camera works" not in kept
    assert (row.width, row.height) == (40, 60), "turned upright, as the camera was held"
    for data in (kept, bytes(row.thumbnail)):
        assert len(Image.open(io.BytesIO(data)).getexif()) == 0


def test_what_hides_behind_or_inside_a_picture_is_gone() -> None:
    for sent in (picture() + SCRIPT, picture("PNG") + SCRIPT, picture(comment=SCRIPT)):
        row = add(sent, asset=serving(f"Thing {len(sent)}"))
        assert SCRIPT in sent
        assert SCRIPT not in bytes(row.content)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 40,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7 without an end",
        b"PK\x03\x04 a macro",
        b"MZ\x90\0",
        picture()[:200],
        b"\xff\xd8\xff\xe0" + SCRIPT,
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    asset = serving()
    for kind in AssetFile.Kind:
        with pytest.raises(WrongFile):
            add(data, kind, asset=asset)
    assert AssetFile.objects.count() == 0


@pytest.mark.parametrize("data", [b"\xff\xd8" + b"\0" * MAX_BYTES, bomb()])
def test_what_is_too_large_is_refused_before_it_is_opened(data: bytes) -> None:
    with pytest.raises(FileTooLarge):
        add(data)
    assert AssetFile.objects.count() == 0


def test_a_large_picture_becomes_smaller_and_a_clear_one_stays_clear() -> None:
    asset = serving()
    large = add(picture(size=(SIDE * 2, 30)), asset=asset)
    assert large.width == SIDE
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert add(out.getvalue(), asset=asset).content_type == "image/png"


def test_a_paper_is_no_photo_and_the_same_bytes_are_kept_once() -> None:
    asset = serving()
    with pytest.raises(WrongFile):
        add(PDF, asset=asset)
    first = add(PDF, AssetFile.Kind.BILL, asset=asset, title="Bill")
    assert add(PDF, AssetFile.Kind.BILL, asset=asset) == first
    assert bytes(first.content) == PDF


def test_only_stewards_see_a_file_until_it_is_made_public() -> None:
    row = add(picture())
    steward, visitor = Client(), Client()
    steward.force_login(make_steward())
    paths = (f"/assets/files/{row.pk}/", f"/assets/files/{row.pk}/small/")
    assert [visitor.get(path).status_code for path in paths] == [404, 404]
    assert [steward.get(path).status_code for path in paths] == [200, 200]
    show_file(file_id=row.pk, public=True, actor=None)
    assert [visitor.get(path).status_code for path in paths] == [200, 200]
    remove_file(file_id=row.pk, actor=None)
    assert steward.get(paths[0]).status_code == 404


def test_no_browser_takes_a_file_for_a_page() -> None:
    asset = serving()
    for data, way in ((picture(), "inline"), (PDF, "attachment")):
        row = add(data, AssetFile.Kind.DOCUMENT, asset=asset, title='<b>"\r\nx', public=True)
        answer = Client().get(f"/assets/files/{row.pk}/")
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith(f"{way}; filename=")
        assert answer["Content-Type"] == row.content_type


def log(asset: Any, key: str, **work: Any) -> UpkeepEntry:
    work = {"on": days_ago(1), "what": "New fuse", "cost": 1250, "minutes": 40, **work}
    return log_upkeep(asset_id=asset.pk, actor=None, key=key, **work)


def test_a_wrong_entry_stays_and_counts_no_more() -> None:
    asset, other = serving(), serving("Other")
    wrong = log(asset, "1", cost=12500)
    assert log(asset, "1", cost=12500) == wrong
    log(asset, "2", corrects_id=wrong.pk)
    assert register.upkeep_cost(asset) == (1250, 40)
    assert [row.replaced for row in register.upkeep_of(asset)] == [False, True]  # type: ignore[attr-defined]
    for where in (asset, other):
        with pytest.raises(CorrectedBefore), transaction.atomic():
            log(where, f"3 {where.pk}", corrects_id=wrong.pk)
    with pytest.raises(KeyConflict), transaction.atomic():
        log(asset, "1", what="Another")
    with pytest.raises(WrongDay), transaction.atomic():
        log(asset, "4", on=days_ago(-1))
    with pytest.raises(DatabaseError), transaction.atomic():
        UpkeepEntry.objects.filter(pk=wrong.pk).update(cost=0)
