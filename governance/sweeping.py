"""Sweeps: the same small step for many rows, of which one that fails holds up no other."""

import logging
from collections.abc import Callable, Iterable

from governance.errors import Halted
from ledger.errors import DomainError

log = logging.getLogger(__name__)


def swept(keys: Iterable[int], step: Callable[[int], object]) -> list[int]:
    """The keys for which `step` did something, in order.

    What a step refuses or fails at is logged, and a later sweep tries again; what is halted
    waits. Each step is a transaction of its own.
    """
    return [key for key in keys if _done(key, step)]


def _done(key: int, step: Callable[[int], object]) -> bool:
    name = f"{step.__module__}.{getattr(step, '__name__', '')}"
    try:
        return bool(step(key))
    except Halted:
        return False
    except DomainError as error:
        log.warning("%s refused for %s: %s", name, key, error.code)
    except Exception:
        log.exception("%s failed for %s", name, key)
    return False
