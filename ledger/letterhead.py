"""What stands at the head of a report: whose books these are, and what the pools are called.

The ledger knows neither; the site tells it once, at start, how to find out (`head_with`). Until
told, a report is headed by nothing and a pool is called by its code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Letterhead:
    """The cooperative's name, and the names of its pools by their code."""

    cooperative: str = ""
    pools: Mapping[str, str] = field(default_factory=dict)


_read: Callable[[], Letterhead] = Letterhead


def head_with(rule: Callable[[], Letterhead]) -> None:
    """Take the site's way of finding the letterhead."""
    global _read
    _read = rule


def letterhead() -> Letterhead:
    """The letterhead as it is now."""
    return _read()


def pool_name(code: str) -> str:
    """What a pool is called; its code where nobody has named it, "" for none."""
    return letterhead().pools.get(code, code) if code else ""
