"""The site's own PostgreSQL and Redis, for machines where nobody has set up servers.

Real servers from pip packages, in a data folder of their own, reached over unix sockets only.
`DATABASE_URL` and `REDIS_URL` put servers of one's own in their place, each by itself.
"""

import os
from collections.abc import Callable

from coop.local.errors import LocalError
from coop.local.places import find_places
from coop.local.services import Services

__all__ = ["LocalError", "Services", "embedded_services", "use_embedded_services"]


def embedded_services() -> Services:
    """The services of this checkout, running or not; touches nothing."""
    return Services(find_places())


def use_embedded_services(say: Callable[[str], None] = lambda line: None) -> None:
    """Start what DATABASE_URL and REDIS_URL leave to us, and set them for this process.

    Returns when both answer. Calling it again, from any number of processes, is harmless.
    Raises LocalError with a sentence for the operator.
    """
    services = embedded_services()
    if not os.environ.get("DATABASE_URL"):
        services.start_postgres(say)
        os.environ["DATABASE_URL"] = services.postgres.url
    if not os.environ.get("REDIS_URL"):
        services.start_redis(say)
        os.environ["REDIS_URL"] = services.redis.url
