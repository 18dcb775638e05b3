"""How often nodes may ask: counted in Redis, for all web processes together.

Two counts, so that nobody can bar another. Before anything is read, what one address sends for
one node (as the request calls it) is counted, and what the address sends for all: whoever names
somebody else's node uses up their own address's share alone. And where a request brings something
new, it is counted for the node that *signed* it: nobody else can make that. Where Redis is away,
nobody is barred: a request is bounded by its size anyway (docs/operations.md).
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from metering.errors import TooManyRequests

log = logging.getLogger(__name__)
MINUTE = 60.0
BURST = 10
SHARED = 10
"""how many nodes one address may speak for at their full rate"""
PAUSE = 5.0
WAIT = 0.2
SPEND = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local worst = 0
for i, key in ipairs(KEYS) do
    local step, most, take = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), ARGV[3 * i]
    local at = math.max(tonumber(redis.call('GET', key) or '0'), now)
    worst = math.max(worst, at - now - (most - 1) * step)
end
if worst > 0 then return tostring(worst) end
for i, key in ipairs(KEYS) do
    local step = tonumber(ARGV[3 * i - 2])
    local at = math.max(tonumber(redis.call('GET', key) or '0'), now) + step * tonumber(ARGV[3 * i])
    redis.call('SET', key, string.format('%.6f', at), 'PX', math.ceil((at - now + 1) * 1000))
end
return '0'"""
"""Each key holds the moment until which it is paid for; all are charged, or none is."""


class Counter:
    """The connection to Redis, left alone for some seconds after it failed."""

    def __init__(self) -> None:
        self._client: Any = None
        self._script: Any = None
        self._away_until = 0.0

    def spend(self, counted: Sequence[tuple[str, float, int, int]]) -> float:
        """Charge (key, requests a minute, burst, how many); the seconds to wait, 0 where it went.

        0 too where Redis does not answer.
        """
        if time.monotonic() < self._away_until:
            return 0.0
        values = [x for _, rate, burst, n in counted for x in (MINUTE / rate, burst, n)]
        try:
            return float(self._run([key for key, *_ in counted], values))
        except (redis.RedisError, OSError):
            self._away_until = time.monotonic() + PAUSE
            log.warning("no Redis: requests of nodes are not counted for %s s", PAUSE)
            return 0.0

    def _run(self, keys: list[str], values: list[float]) -> bytes:
        if self._client is None:
            self._client = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=WAIT, socket_connect_timeout=WAIT
            )
            self._script = self._client.register_script(SPEND)
        answer: bytes = self._script(keys=keys, args=values)
        return answer


COUNTER = Counter()


def space() -> str:
    """What all keys of this site begin with: sites that share a Redis do not share their counts."""
    return f"metering:{connection.settings_dict['NAME']}"


def count_sender(*, address: str, node: str) -> None:
    """Count a request before it is read; raises TooManyRequests with the seconds to wait."""
    rate = settings.COOP_NODE_REQUESTS
    counted = [
        (f"{space()}:from:{address}:{node}", rate, BURST, 1),
        (f"{space()}:from:{address}", rate * SHARED, BURST * SHARED, 1),
    ]
    refuse(COUNTER.spend(counted))


def look_at_signers(*, keyids: Sequence[str]) -> None:
    """Refuse a request while one of its signers has used up its share; charges nothing."""
    rate = settings.COOP_NODE_REQUESTS
    refuse(COUNTER.spend([(f"{space()}:by:{keyid}", rate, BURST, 0) for keyid in keyids]))


def count_signers(*, keyids: Sequence[str]) -> None:
    """Count a request that brought something new for those who signed it."""
    rate = settings.COOP_NODE_REQUESTS
    COUNTER.spend([(f"{space()}:by:{keyid}", rate, BURST, 1) for keyid in keyids])


def refuse(seconds: float) -> None:
    """Raise TooManyRequests where there is something to wait for."""
    if seconds > 0:
        raise TooManyRequests(seconds)
