"""How often: what the site signed, unless the command line says otherwise."""

from typing import Any, NamedTuple

from coop_agent.errors import AgentError
from coop_agent.store import Store

DAY = 86_400
BACKLOG_LIMIT = 64 * 1024 * 1024


class _Intervals(NamedTuple):
    sample_s: int
    record_s: int
    seal_s: int


class Intervals(_Intervals):
    """Seconds between samples, length of a record, seconds between batches."""

    __slots__ = ()

    def __new__(cls, sample_s: int = 60, record_s: int = 300, seal_s: int = 900) -> "Intervals":
        if not 1 <= sample_s <= record_s <= seal_s <= DAY:
            raise AgentError("intervals must be 1 <= sample <= record <= seal <= 86400 seconds")
        return super().__new__(cls, sample_s, record_s, seal_s)


class Wishes(NamedTuple):
    """What the command line asks for; None leaves it to the site."""

    sample_s: int | None = None
    record_s: int | None = None
    seal_s: int | None = None


def parsed(config: Any) -> Intervals:
    """The intervals in a signed configuration; raises AgentError if they make no sense."""
    if not isinstance(config, dict):
        raise AgentError("the configuration is not an object")
    values = [config.get(key) for key in ("sample_s", "record_s", "seal_s")]
    if not all(type(value) is int for value in values):
        raise AgentError("the configuration has no whole seconds")
    return Intervals(*(int(str(value)) for value in values))


def intervals(store: Store, wishes: Wishes) -> Intervals:
    """The intervals in force; a wish that does not fit the rest moves the rest."""
    stored = store.get("config")
    base = parsed(stored) if stored else Intervals()
    sample = wishes.sample_s or min(base.sample_s, wishes.record_s or DAY, wishes.seal_s or DAY)
    record = wishes.record_s or max(sample, min(base.record_s, wishes.seal_s or DAY))
    return Intervals(sample, record, wishes.seal_s or max(record, base.seal_s))


def is_pressed(backlog: int) -> bool:
    """Whether undelivered batches take more room than they should."""
    return backlog >= BACKLOG_LIMIT


def stretched(limits: Intervals, backlog: int) -> Intervals:
    """Longer records, and one batch a day, while undelivered ones take more room than they should.

    What waits to be sealed is then merged (merging.py), so that the queue all but stands still.
    """
    if not is_pressed(backlog):
        return limits
    record = min(DAY, limits.record_s * (1 + backlog // BACKLOG_LIMIT))
    return Intervals(limits.sample_s, record, DAY)
