"""Saying whose use the meters of this machine measure, as a steward would on the node's page."""

from assets.models import Pool, Resource
from members.models import Member
from metering.models import Meter, MeterAssignment
from metering.services import assign_meter

WHOSE = (
    ("if:lo:tx", "chloe@example.org", "backbone", "bandwidth"),
    ("cpu:total", "ben@example.org", "storage", "cpu"),
    ("fs:/", "ana@example.org", "storage", "storage"),
)
"""meter, member, pool, resource: traffic inside this machine is Chloe's."""


def assign_meters() -> bool:
    """Assign what is known by now and free; True when nothing is left to do."""
    left = [line for line in WHOSE if not MeterAssignment.objects.filter(meter__name=line[0])]
    for name, email, pool, resource in left:
        meter = Meter.objects.exclude(unit="").filter(name=name).order_by("pk").first()
        if meter is not None:
            assign_meter(
                actor=None,
                meter=meter,
                member=Member.objects.get(user__email=email),
                pool=Pool.objects.get(code=pool),
                resource=Resource.objects.get(code=resource),
            )
    return not left
