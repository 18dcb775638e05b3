"""The site's own PostgreSQL and Redis, for machines where nobody has set up servers.

Real servers from pip packages, in a data folder of their own, reached over unix sockets only.
`DATABASE_URL` and `REDIS_URL` put servers of one's own in their place, each by itself.
"""

import os
from collections.abc import Callable

from coop.local.errors import LocalError
from coop.local.places import find_places
from coop.local.services import Say, Services

__all__ = ["LocalError", "Services", "embedded_services", "use_embedded_services"]


def embedded_services() -> Services:
    """The services of this checkout, running or not; touches nothing."""
    return Services(find_places())


def use_embedded_services(say: Say = lambda line: None) -> list[Callable[[Say], None]]:
    """Start what DATABASE_URL and REDIS_URL leave to us, and set them for this process.

    Returns when both answer, with the calls that start ours again should they be killed.
    Calling it twice, from any number of processes, is harmless. Raises LocalError with a
    sentence for the operator.
    """
    services = embedded_services()
    parts = (
        ("DATABASE_URL", services.start_postgres, services.postgres.url),
        ("REDIS_URL", services.start_redis, services.redis.url),
    )
    left_to_us = [part for part in parts if not os.environ.get(part[0])]
    for variable, start, url in left_to_us:
        start(say)
        os.environ[variable] = url
    return [start for _, start, _ in left_to_us]
