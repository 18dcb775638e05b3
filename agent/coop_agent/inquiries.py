"""What a node asks after a delivery, besides whether its batches were taken.

Each inquiry is `ask(store, site, key, moment)`; it keeps what it learns in the store, and raises
AgentError where the site cannot be understood. One that fails hurts no other.
"""

import sqlite3
from collections.abc import Callable

from nacl.signing import SigningKey

from coop_agent import allowances, challenges, log, notices
from coop_agent.clock import Moment
from coop_agent.errors import AgentError
from coop_agent.store import Store
from coop_agent.wire import Site

Inquiry = Callable[[Store, Site, SigningKey, Moment], None]

INQUIRIES: dict[str, Inquiry] = {
    "allowances": allowances.fetch,
    "challenges": challenges.answer_all,
    "notices": notices.fetch_notices,
    "revocations": notices.fetch_revocations,
}


def ask_all(store: Store, site: Site, key: SigningKey, moment: Moment) -> None:
    """Make every inquiry once; what fails is made again after the next delivery."""
    for name, ask in INQUIRIES.items():
        try:
            ask(store, site, key, moment)
        except (AgentError, sqlite3.OperationalError) as error:
            log.warning("the %s could not be taken: %s", name, error)
