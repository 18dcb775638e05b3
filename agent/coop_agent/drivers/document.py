"""JSON answers, and single places in them, with every number as it was written."""

import json
from typing import Any

from coop_agent.errors import DriverFailed


class Number(str):
    """A number as it was written, so that none of its digits is lost."""


def parsed(raw: bytes) -> Any:
    """The document, its numbers as they were written; raises DriverFailed."""
    try:
        return json.loads(raw, parse_int=Number, parse_float=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise DriverFailed("the answer is no JSON") from error


def text_at(document: Any, pointer: str) -> str:
    """The number or text at a JSON pointer; raises DriverFailed."""
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            raise DriverFailed(f"the answer has nothing at {pointer!r}")
    if not isinstance(value, str):
        raise DriverFailed(f"the answer has neither number nor text at {pointer!r}")
    return str(value)
