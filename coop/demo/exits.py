"""Shares that go back in the demo: two requests in a queue, and credit that waits."""

from assets.models import Pool
from members.models import Member
from titles.models import RedemptionRequest
from titles.services import request_redemption

ASKED = (
    ("dario", "backbone", 40, "I use less than I hold."),
    ("ben", "storage", 25, ""),
)
"""who, of which pool, how many shares, why"""


def ask_back(people: dict[str, Member]) -> None:
    """The requests; a second call changes nothing."""
    if RedemptionRequest.objects.exists():
        return
    for name, code, units, reason in ASKED:
        member = people[name]
        request_redemption(
            member=member,
            pool=Pool.objects.get(code=code),
            units=units,
            reason=reason,
            actor=member.user,
            key=f"demo:{code}:{name}",
        )
