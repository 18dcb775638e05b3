"""The node of the machine that the demo runs on: what its meters measure, and for whom."""

from assets.models import Pool, Resource
from members.models import Member
from metering.models import Meter
from metering.services import assign_meter

# beginning of the meter's name → first name of the member, pool, resource
USES = (
    ("if:lo:rx", None),
    ("if:lo:tx", ("chloe", "backbone", "bandwidth")),
    ("if:", ("ben", "backbone", "bandwidth")),
    ("cpu:", ("dario", "storage", "cpu")),
    ("fs:", ("ben", "storage", "storage")),
)


def hand_out_meters() -> int:
    """Assign each known meter that never had an owner, of a node that nobody placed; how many.

    Chloe, who owns nothing, gets what this machine says to itself: opening the site's pages is
    her use. Each byte on the loopback is sent and received here, so it is counted once.
    """
    waiting = Meter.objects.exclude(unit="").filter(
        assignments=None, node__asset=None, node__pool=None, node__owner=None
    )
    chosen = [(meter, use_of(meter.name)) for meter in waiting]
    for meter, use in chosen:
        if use is not None:
            assign(meter, *use)
    return sum(use is not None for _, use in chosen)


def use_of(name: str) -> tuple[str, str, str] | None:
    """Whose use of what a meter of this name measures; None for a meter that nobody uses."""
    return next((use for start, use in USES if name.startswith(start)), None)


def assign(meter: Meter, person: str, pool: str, resource: str) -> None:
    """Give the meter to the demo's member of this first name, from now on."""
    assign_meter(
        actor=None,
        meter=meter,
        member=Member.objects.get(user__email=f"{person}@example.org"),
        pool=Pool.objects.get(code=pool),
        resource=Resource.objects.get(code=resource),
    )
