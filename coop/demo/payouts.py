"""Money that goes out in the demo: two treasurers, accounts, and payouts at every stage."""

from django.utils import timezone

from members.models import Member, Role
from members.services import grant_role
from payments.models import Payout
from payments.queries import payout_digest
from payments.services import (
    approve_payout,
    ask_for_prepaid,
    confirm_payout,
    refund_prepaid,
    set_bank_account,
)
from titles.services import accept_payment

TREASURERS = ("ana", "ben")
ACCOUNTS = {
    "chloe": "ES7921000813610123456789",
    "dario": "IT60X0542811101000000123456",
    "eva": "SE4550000000058398257466",
}
ASKED = (
    ("dario", 4_200, 800, 2, True),
    ("chloe", 1_850, 150, 2, False),
    ("eva", 6_000, 0, 1, False),
)
"""who, cents asked back, cents kept ahead, how many approvals, whether the bank has paid it"""


def pay_out(people: dict[str, Member]) -> None:
    """Treasurers, accounts and payouts; a second call changes nothing."""
    if Payout.objects.exists():
        return
    for name in TREASURERS:
        user = people[name].user
        if user is not None and not user.roles.filter(name=Role.Name.TREASURER).exists():
            grant_role(user=user, name=Role.Name.TREASURER, actor=None, source="founding")
    for name, iban in ACCOUNTS.items():
        member = people[name]
        set_bank_account(member=member, holder=member.name, iban=iban, bic="", actor=member.user)
    for name, amount, kept, approvals, paid in ASKED:
        payout = ask(people[name], amount, kept)
        for treasurer in TREASURERS[:approvals]:
            approve(payout, people[treasurer])
        if paid:
            confirm(payout)


def ask(member: Member, amount: int, kept: int) -> Payout:
    """A member pays ahead, and asks for a part of it back."""
    user, key = member.user, f"demo:{member.pk}"
    charge = ask_for_prepaid(member=member, amount=amount + kept, actor=user, key=key)
    accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=timezone.localdate(),
        actor=None,
        key=f"{key}:paid ahead",
    )
    return refund_prepaid(member=member, amount=amount, actor=user, key=key)


def approve(payout: Payout, treasurer: Member) -> None:
    """One treasurer's approval."""
    if treasurer.user is not None:
        digest = payout_digest(payout)
        approve_payout(payout_id=payout.pk, digest=digest, actor=treasurer.user)


def confirm(payout: Payout) -> None:
    """The bank has paid it today."""
    confirm_payout(
        reference=payout.reference,
        amount=payout.amount,
        booked_on=timezone.localdate(),
        key=f"demo:paid:{payout.pk}",
        actor=None,
    )
