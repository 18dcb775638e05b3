"""All that must always hold, app by app, in one list."""

from collections.abc import Callable, Iterator

import assets.invariants
import bank.invariants
import governance.invariants
import ledger.invariants
import ledger.log.invariants
import members.invariants
import metering.invariants
import payments.invariants
import titles.invariants
import tokens.invariants

APPS = {
    "ledger": ledger.invariants.INVARIANTS + ledger.log.invariants.INVARIANTS,
    "members": members.invariants.INVARIANTS,
    "payments": payments.invariants.INVARIANTS,
    "assets": assets.invariants.INVARIANTS,
    "titles": titles.invariants.INVARIANTS,
    "bank": bank.invariants.INVARIANTS,
    "tokens": tokens.invariants.INVARIANTS,
    "metering": metering.invariants.INVARIANTS,
    "governance": governance.invariants.INVARIANTS,
}


def checks() -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """Every check with the app it belongs to."""
    for app, found in APPS.items():
        for check in found:
            yield app, check


def all_broken() -> list[str]:
    """Sentences that name what is broken; empty where everything holds."""
    return [f"{app}: {sentence}" for app, check in checks() for sentence in check()]
