"""Envelopes that somebody carried here: a `.coopbatch` file, taken line by line."""

from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Protocol

from metering.errors import Malformed, TooLarge, WireError
from metering.payloads import MAX_PAYLOAD
from metering.services.accept import accept_envelopes
from metering.services.signed import Result
from signing import dsse
from signing.errors import SigningError

TOGETHER = 32
LONGEST_LINE = MAX_PAYLOAD * 4 // 3 + 4096
"""bytes of one envelope: its payload in base64, its type and its signatures"""


class Lines(Protocol):
    """What a file can do that was opened to read bytes."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or so much of it; empty at the end."""


def take_file(*, stream: Lines | bytes, via: str) -> Iterator[Result]:
    """Take in a file of envelopes, one a line (section 6); one result for each, in its order.

    It is read as far as the results are asked for, 32 lines at a time, and never held whole. What
    is no envelope gets a result like any refusal. The same file again stores nothing more and
    gives the same receipts. `via` is who brought it: "file", or "member:" and a number.
    """
    lines = read_lines(BytesIO(stream) if isinstance(stream, bytes) else stream)
    while chunk := list(islice(lines, TOGETHER)):
        yield from take_lines(chunk, via)


def take_lines(lines: list[bytes], via: str) -> list[Result]:
    """The results of some lines, in their order."""
    read = [read_line(line) for line in lines]
    envelopes = [one for one in read if isinstance(one, dsse.Envelope)]
    taken = iter(accept_envelopes(envelopes=envelopes, via=via))
    return [next(taken) if isinstance(one, dsse.Envelope) else refused(one) for one in read]


def read_lines(stream: Lines) -> Iterator[bytes]:
    """The lines that are not empty, each cut off behind the longest that is taken."""
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            skip_line(stream, line)
        if line.strip():
            yield line


def skip_line(stream: Lines, line: bytes) -> None:
    """Read on to the end of a line without keeping it."""
    while line and not line.endswith(b"\n"):
        line = stream.readline(LONGEST_LINE)


def read_line(line: bytes) -> dsse.Envelope | WireError:
    """The envelope on a line, or why it is none."""
    if len(line) > LONGEST_LINE:
        return TooLarge()
    try:
        return dsse.Envelope.from_json(line)
    except SigningError as error:
        return Malformed(str(error))


def refused(error: WireError) -> Result:
    """The result for a line that is no envelope."""
    return Result(code=error.code, http_status=error.status)
