"""What members of the demo hand to each other: a gift, a loan that is running, a voucher."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from assets.models import Asset, Pool, Resource
from members.models import Member
from metering.services import Slot, take_voucher
from tokens.models import Gift
from tokens.queries import current_period
from tokens.services import accept_gift, accept_loan, give, lend
from tokens.services.vouchers import last_second

LENT_FOR = timedelta(days=7)


def hand_on(people: dict[str, Member]) -> None:
    """Ana gives to Dario, lends to Ben and takes out for the mast; a second call adds nothing."""
    period = current_period()
    if period is None or Gift.objects.exists():
        return
    backbone = Pool.objects.get(code="backbone")
    ana, now = people["ana"], timezone.now().replace(microsecond=0)
    what: dict[str, Any] = {
        "pool": backbone,
        "resource": Resource.objects.get(code="bandwidth"),
        "actor": ana.user,
    }
    gift = give(giver=ana, receiver=people["dario"], amount=5_000, key="demo:gift", **what)
    accept_gift(gift_id=gift.pk, actor=people["dario"].user)
    due = min(now + LENT_FOR, period.end)
    loan = lend(
        lender=ana, borrower=people["ben"], amount=20_000, due_at=due, key="demo:loan", **what
    )
    accept_loan(loan_id=loan.pk, actor=people["ben"].user)
    mast = Asset.objects.filter(pool=backbone, state="in_service").earliest("pk")
    slot = Slot(not_before=now, not_after=last_second(period), asset=mast)
    take_voucher(member=ana, amount=10_000, slot=slot, key="demo:voucher", **what)
