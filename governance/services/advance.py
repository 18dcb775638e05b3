"""What time brings: openings, closings and executions that are due, and sweeps of the rooms."""

import logging
from collections.abc import Callable

from django.utils.module_loading import import_string

from governance.errors import Halted
from governance.models import Proposal
from governance.queries import due
from governance.services.count import close_and_count
from governance.services.execute import execute
from governance.services.opening import open_ballot
from ledger.errors import DomainError

State = Proposal.State
Step = Callable[..., Proposal]
STEPS: tuple[tuple[str, str, Step], ...] = (
    (State.NOTICE, "opens_at", open_ballot),
    (State.OPEN, "closes_at", close_and_count),
    (State.TIMELOCKED, "executes_from", execute),
)
SWEEPS: tuple[str, ...] = (
    "governance.lifecycle.reconciling.announce_second_votes",
    "governance.notices.sweeps.tell_notices",
    "governance.notices.sweeps.tell_results",
    "governance.notices.sweeps.tell_digests",
    "governance.notices.sweeps.note_mailed",
    "governance.offices.officers.sweep_terms",
    "governance.offices.petitions.sweep_petitions",
    "governance.offices.emergencies.sweep_emergencies",
    "governance.sealed.services.count_tallied",
    "governance.sealed.telling.tell_to_count",
    "governance.delegations.warnings.warn_of_lost_ways",
    "governance.sanctions.services.end_what_is_over",
    "governance.sanctions.appeals.decide_what_is_over",
    "governance.services.consent.start_reviews",
)
"""What time brings that is no step of one proposal; each safe to call at any time.

By their dotted names, because rooms build on the services of this package.
"""
log = logging.getLogger(__name__)


def advance() -> list[int]:
    """Take every due step of every proposal, each in its own transaction; returns whose.

    Safe to call at any time, from any number of processes: a step that somebody else took is
    no step. What one proposal refuses, or fails at, holds up no other; what is halted waits.
    """
    moved = []
    for state, date, step in STEPS:
        for proposal_id in due(state, date):
            if _taken(step, proposal_id):
                moved.append(proposal_id)
    for name in SWEEPS:
        _swept(name)
    return moved


def _swept(name: str) -> None:
    try:
        import_string(name)()
    except DomainError as error:
        log.warning("%s refused: %s", name, error.code)
    except Exception:
        log.exception("%s failed", name)


def _taken(step: Step, proposal_id: int) -> bool:
    try:
        step(proposal_id=proposal_id, actor=None)
    except Halted:
        return False
    except DomainError as error:
        log.warning("proposal %s: %s refused: %s", proposal_id, step.__name__, error.code)
        return False
    except Exception:
        log.exception("proposal %s: %s failed", proposal_id, step.__name__)
        return False
    return True
