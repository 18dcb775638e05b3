"""What drivers share: names of incarnations, exact numbers out of texts, and what a reading may be.

No float anywhere: a program's 1.234e+09 is read digit by digit.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

from coop_agent.drivers import MOST, UNITS, Reading
from coop_agent.errors import DriverFailed

MAX_METERS = 4096
MAX_NAME = 200
_NUMBER = re.compile(r"\+?(\d{1,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_INCARNATION = re.compile("[0-9a-f]{64}")
_HIGHEST_POWER = 60
_LONGEST_SECRET = 4096


class Wanted:
    """The part of a driver whose readings are all wanted."""

    def measures(self, meter: str) -> bool:
        return True


def incarnation(*parts: object) -> str:
    """64 hex digits for what tells one life of a counter from the next."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


def whole(text: str, scale: int = 1) -> int:
    """The whole part of a decimal text times `scale`; raises DriverFailed for anything else.

    Refused: negative values, NaN, infinity, and what is above 2^64 - 1.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise DriverFailed(f"not a number that can be counted: {text[:40]!r}")
    fraction = found[2] or ""
    power = int(found[3] or 0) - len(fraction)
    digits = int(found[1] + fraction) * scale
    if power > _HIGHEST_POWER and digits:
        raise DriverFailed(f"more than 64 bits: {text[:40]!r}")
    value: int = digits * 10 ** min(power, _HIGHEST_POWER) if power >= 0 else digits // 10**-power
    if value > MOST:
        raise DriverFailed(f"more than 64 bits: {text[:40]!r}")
    return value


def sound(readings: list[Reading]) -> list[Reading]:
    """The readings, if every one may be signed and sent; raises DriverFailed for the first not."""
    if len(readings) > MAX_METERS:
        raise DriverFailed(f"more than {MAX_METERS} meters")
    seen: set[str] = set()
    for reading in readings:
        trouble = _trouble(reading)
        if trouble or reading.meter in seen:
            raise DriverFailed(f"{reading.meter[:60]!r}: {trouble or 'read twice'}")
        seen.add(reading.meter)
    return readings


def _trouble(reading: Reading) -> str:
    """Why a reading cannot be taken; empty if it can."""
    name, value = reading.meter, reading.value
    checks: Iterable[tuple[bool, str]] = (
        (0 < len(name) <= MAX_NAME and name.isprintable(), "not a name of a meter"),
        (reading.kind in ("counter", "gauge"), "neither counter nor gauge"),
        (reading.unit in UNITS, f"its unit is none of {', '.join(UNITS)}"),
        (type(value) is int and 0 <= value <= MOST, "not a number from 0 to 2^64 - 1"),
        (reading.cap is None or 0 <= reading.cap <= MOST, "no possible capacity"),
        (reading.bits in (32, 64), "neither 32 nor 64 bits"),
        (
            reading.kind == "gauge" or _INCARNATION.fullmatch(reading.inc) is not None,
            "a counter without an incarnation",
        ),
    )
    return next((text for good, text in checks if not good), "")


def left(deadline: float) -> float:
    """Seconds until the deadline; raises DriverFailed once it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise DriverFailed("no whole answer in time")
    return seconds


def secret_in(path: Path) -> str:
    """The one line of a file that others may not read; raises DriverFailed."""
    with path.open("rb") as file:
        open_to_all = os.fstat(file.fileno()).st_mode & 0o007
        raw = file.read(_LONGEST_SECRET + 1)
    if open_to_all:
        raise DriverFailed(f"{path} is open to everybody: chmod o= {path}")
    text = raw.decode("ascii", "replace").strip()
    if not text or len(raw) > _LONGEST_SECRET or not text.isprintable() or not text.isascii():
        raise DriverFailed(f"{path} does not hold one line of plain text")
    return text


def bounded(path: Path, limit: int) -> bytes:
    """A file's content; raises DriverFailed if it is longer than `limit` bytes."""
    with path.open("rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise DriverFailed(f"{path} is longer than {limit} bytes")
    return raw
