"""Shares on their way in the demo: an offer that waits for its answer."""

from collections.abc import Mapping

from assets.models import Pool
from members.models import Member
from titles.models import Transfer
from titles.services import offer_units

SHARES = 5


def offer_some(people: Mapping[str, Member]) -> None:
    """Dario offers Chloe some of his shares; she has not answered yet."""
    if not Transfer.objects.exists():
        offer_units(
            giver=people["dario"],
            pool=Pool.objects.get(code="backbone"),
            units=SHARES,
            actor=people["dario"].user,
            key="demo:transfer",
            to_number=people["chloe"].number,
            kind=Transfer.Kind.GIFT,
            note="For helping with the fibre at the mill.",
        )
