"""Every write of a vote, from the draft to what it executes. Each locks the proposal first."""

from governance.services.advance import advance
from governance.services.amend import amend
from governance.services.cast import cast
from governance.services.consent import (
    object_to_consent,
    rule_out_of_order,
    withdraw_consent_objection,
)
from governance.services.count import close_and_count, count_after_tally
from governance.services.execute import execute
from governance.services.opening import open_ballot
from governance.services.propose import propose, publish, withdraw

__all__ = [
    "advance",
    "amend",
    "cast",
    "close_and_count",
    "count_after_tally",
    "execute",
    "object_to_consent",
    "open_ballot",
    "propose",
    "publish",
    "rule_out_of_order",
    "withdraw",
    "withdraw_consent_objection",
]
