"""What the bank's room keeps of a person, and how it forgets them.

Files that went to the bank and statements that came from it are business papers: they stay byte
for byte until their time is over, and only treasurers open them.
"""

from typing import Any

from bank.models import CollectionItem, Line, PaymentOrderItem
from members.models import Member, User


def data_on(member: Member) -> dict[str, Any]:
    """In which files to the bank, and in which lines of its statements, a member stands."""
    return {
        "payouts in files": list(
            PaymentOrderItem.objects.filter(payout__member=member)
            .order_by("pk")
            .values("order__message_id", "payout__reference")
        ),
        "direct debits": list(
            CollectionItem.objects.filter(mandate__member=member)
            .order_by("pk")
            .values("order__message_id", "charge__reference", "returned_on", "reason_code")
        ),
        "lines of statements": list(
            Line.objects.filter(member=member).order_by("pk").values("booked_on", "amount", "text")
        ),
    }


def forget(*, member: Member, actor: User | None) -> None:
    """Nothing here may go before the time that the law sets for business papers is over."""
