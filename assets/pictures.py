"""What comes in as a file, judged by its content: pictures drawn anew, PDF as it is. No Django.

A picture is decoded and drawn again, so that its position, camera and whatever else it carried
is gone and only pixels are served. Bounds hold before anything is decoded.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 2**20
MAX_PIXELS = 50_000_000
SIDE = 2400
THUMBNAIL_SIDE = 480
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
PDF_HEAD, PDF_END = b"%PDF-", b"%%EOF"
PDF_TAIL = 2048
BROKEN = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class NotAFile(Exception):
    """The bytes are none of the kinds that are kept."""


class TooLarge(Exception):
    """The bytes or the pixels are too many."""


@dataclass(frozen=True)
class Upload:
    """What is kept of a file: the bytes to serve, their type, and a small JPEG of a picture."""

    content_type: str
    content: bytes
    width: int | None = None
    height: int | None = None
    thumbnail: bytes = b""


def read_upload(data: bytes) -> Upload:
    """What is kept of some bytes; raises NotAFile, TooLarge."""
    if len(data) > MAX_BYTES:
        raise TooLarge
    if data.startswith(PDF_HEAD):
        return read_pdf(data)
    return read_picture(data)


def read_pdf(data: bytes) -> Upload:
    """A PDF as it is; raises NotAFile where it has no end."""
    if PDF_END not in data[-PDF_TAIL:]:
        raise NotAFile
    return Upload(PDF, data)


def read_picture(data: bytes) -> Upload:
    """A picture drawn anew, upright and at most SIDE pixels wide and high."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            if found.width * found.height > MAX_PIXELS:
                raise TooLarge
            drawn = ImageOps.exif_transpose(found)
            return _upload(_plain(drawn))
    except BOMBS as error:
        raise TooLarge from error
    except BROKEN as error:
        raise NotAFile from error


def _plain(picture: Image.Image) -> Image.Image:
    """The pixels alone: no profile, no palette, no text."""
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()
    plain.thumbnail((SIDE, SIDE))
    return plain


def _upload(picture: Image.Image) -> Upload:
    sees_through = picture.mode == "RGBA"
    content = _bytes(picture, "PNG") if sees_through else _bytes(picture, "JPEG")
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Upload(
        PNG if sees_through else JPEG,
        content,
        picture.width,
        picture.height,
        _bytes(_on_white(small), "JPEG"),
    )


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _bytes(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        picture.save(out, kind, quality=QUALITY, optimize=True, progressive=True)
    else:
        picture.save(out, kind, optimize=True)
    return out.getvalue()
