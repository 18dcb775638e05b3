"""The file that `coop-agent audit-prepare` writes: strict JSON, docs/metering-protocol.md."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from metering.errors import NoChallenges
from signing import strict_json
from signing.errors import MalformedJson

MOST = 1_000
LEAST_BLOCK, LARGEST_BLOCK = 1024, 1_048_576

Hex64 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{32,64}$")]


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One block and what it comes to under its nonce."""

    offset: Annotated[int, Meta(ge=0)]
    length: Annotated[int, Meta(ge=LEAST_BLOCK, le=LARGEST_BLOCK)]
    nonce: Hex32
    digest: Hex64


class File(msgspec.Struct, forbid_unknown_fields=True):
    """Challenges of one file, which lies at `name` below the measured folder."""

    v: Literal[1]
    name: Annotated[str, Meta(min_length=1, max_length=400)]
    size: Annotated[int, Meta(ge=LEAST_BLOCK)]
    challenges: Annotated[list[Line], Meta(min_length=1, max_length=MOST)]


class Prepared(msgspec.Struct, frozen=True):
    """One challenge with the name of its file."""

    name: str
    offset: int
    length: int
    nonce: str
    digest: str


def read_challenges(raw: bytes) -> list[Prepared]:
    """What such a file holds; raises NoChallenges."""
    try:
        found = msgspec.convert(strict_json.loads(raw), File)
    except (MalformedJson, msgspec.ValidationError) as error:
        raise NoChallenges from error
    if not is_below(found.name) or any(c.offset + c.length > found.size for c in found.challenges):
        raise NoChallenges
    return [
        Prepared(found.name, line.offset, line.length, line.nonce, line.digest)
        for line in found.challenges
    ]


def is_below(name: str) -> bool:
    """Whether a path leads below its folder: no empty part, no step up, nothing unprintable."""
    return name.isprintable() and not {"", ".", ".."} & set(name.split("/"))
