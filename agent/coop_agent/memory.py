"""Asking the C library to be sparing: a box in an attic has little memory, and other work."""

import ctypes

_ARENA_MAX = -8
_TRIM_THRESHOLD = -1
_KEEP = 64 * 1024


def spare() -> None:
    """One heap for all threads, which is given back when it is free. Call before any thread.

    Threads of this program wait most of their lives: they need no heaps of their own. Where the
    library has no such wish (musl), nothing happens.
    """
    _call("mallopt", _ARENA_MAX, 1)
    _call("mallopt", _TRIM_THRESHOLD, _KEEP)


def trim() -> None:
    """Give back what was freed, such as what loading the program needed."""
    _call("malloc_trim", 0)


def _call(name: str, *values: int) -> None:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return
    function(*values)
