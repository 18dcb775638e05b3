"""What payments keep of a person, in short, what is open, and how they forget them.

What was charged, paid and paid out stays with the books for as long as the law asks; accounts and
mandates lose their numbers, letters their address and text.
"""

from typing import Any

from django.utils.translation import gettext as _

from members.models import Member, User
from payments.models import (
    BankAccount,
    Charge,
    Mail,
    Mandate,
    MandateAmendment,
    MemberDefault,
    Payout,
    Reminder,
    ReminderStop,
)

ERASED = "–"


def data_on(member: Member) -> dict[str, Any]:
    """Accounts, mandates, charges, payouts, reminders and letters of a member; sums in cents."""
    return {
        "accounts for payouts": list(
            _rows(BankAccount, member, "holder", "iban", "bic", "since", "reason")
        ),
        "mandates": list(
            _rows(Mandate, member, "reference", "holder", "iban", "signed_on", "consent",
                  "ended_at", "ended_because")
        ),
        "charges": list(_rows(Charge, member, "reference", "kind", "about", "amount", "state")),
        "payouts": list(
            _rows(Payout, member, "reference", "kind", "about", "amount", "state", "executed_on")
        ),
        "reminders": list(
            Reminder.objects.filter(charge__member=member)
            .order_by("pk")
            .values("charge__reference", "step", "taken_on", "fee")
        ),
        "held reminders": list(
            ReminderStop.objects.filter(charge__member=member)
            .order_by("pk")
            .values("charge__reference", "kind", "reason", "at")
        ),
        "defaults": list(_rows(MemberDefault, member, "since", "charge__reference")),
        "letters": list(_rows(Mail, member, "subject", "body", "made_at", "sent_at")),
    }  # fmt: skip


def open_matters(member: Member) -> list[str]:
    """Payouts that are still to be executed."""
    ended = (Payout.State.EXECUTED, Payout.State.CANCELLED)
    left = Payout.objects.filter(member=member).exclude(state__in=ended)
    return [_("Payouts are still to be executed.")] if left.exists() else []


def forget(*, member: Member, actor: User | None) -> None:
    """Blank accounts, mandates and letters; what was booked stays. Call inside a transaction."""
    BankAccount.objects.filter(member=member).update(holder="", iban="", bic="", reason="")
    mandates = Mandate.objects.filter(member=member)
    mandates.update(holder=ERASED, iban="", bic="")
    MandateAmendment.objects.filter(mandate__in=mandates).update(old_iban="")
    Mail.objects.filter(member=member).update(
        address="", subject=ERASED, body="", file=b"", file_name=""
    )


def _rows(model: Any, member: Member, *names: str) -> Any:
    return model.objects.filter(member=member).order_by("pk").values(*names)
