"""What members are written, in their language: subject and body, as plain text.

A letter names sums, days and the last characters of an account, never a whole account.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Cooperative, Member
from members.queries import cooperative
from payments import references
from payments.errors import cents_text
from payments.models import BankAccount, Charge, Mandate, Reminder


@dataclass(frozen=True)
class Letter:
    """One letter to one member; `key` names its occasion, for which it goes once."""

    key: str
    member: Member
    subject: str
    body: str
    file_name: str = ""
    file: bytes = b""


def language_of(member: Member) -> str:
    """The language that a member reads."""
    return member.user.language if member.user else "en"


def written(
    key: str, member: Member, write: Callable[[], tuple[str, str]], coop: Cooperative
) -> Letter:
    """The letter that `write` gives in the member's language, with salutation and close."""
    with translation.override(language_of(member)):
        subject, body = write()
        hello = _("Hello %(name)s,") % {"name": member.name}
        return Letter(key, member, subject, f"{hello}\n\n{body}\n\n{coop.legal_name}\n")


def reminder_letters(reminders: Sequence[tuple[Reminder, int]]) -> list[Letter]:
    """The letters of steps for overdue charges, each with the days until the next step."""
    coop = cooperative()

    def write(reminder: Reminder, until_next: int) -> tuple[str, str]:
        return _reminder_subject(reminder), _reminder_body(reminder, until_next, coop)

    return [
        written(
            f"reminder:{reminder.charge_id}:{reminder.step}",
            reminder.charge.member,
            partial(write, reminder, until_next),
            coop,
        )
        for reminder, until_next in reminders
    ]


def account_letter(account: BankAccount) -> Letter:
    """The notice that payouts go to another account since now."""

    def write() -> tuple[str, str]:
        body = _(
            "Since %(day)s payouts go to the account %(account)s. If you did not change this, "
            "tell a steward at once: what was approved for the account before waits again."
        ) % {"day": _day(timezone.localdate(account.since)), "account": account.masked}
        return _("Your bank account was changed"), body

    return written(f"account:{account.pk}", account.member, write, cooperative())


def prenotification_letter(
    key: str, charge: Charge, coop: Cooperative, *, day: date, mandate: Mandate, creditor: str
) -> Letter:
    """The notice that a charge is collected from the member's account on a day."""

    def write() -> tuple[str, str]:
        words = {
            "amount": _money(charge.amount, coop), "day": _day(day), "account": mandate.masked,
            "mandate": mandate.reference, "creditor": creditor, "reference": charge.reference,
        }  # fmt: skip
        body = _(
            "We will collect %(amount)s from your account %(account)s on %(day)s, under your "
            "mandate %(mandate)s (creditor %(creditor)s), for %(reference)s. There is nothing "
            "for you to do but to see that the account covers it."
        )
        return _("We will collect %(amount)s on %(day)s") % words, body % words

    return written(key, charge.member, write, coop)


def statement_letter(key: str, member: Member, title: str, file: bytes) -> Letter:
    """A statement sent as a PDF."""

    def write() -> tuple[str, str]:
        body = _("Your statement %(title)s is attached.") % {"title": title}
        return _("Statement %(title)s") % {"title": title}, body

    letter = written(key, member, write, cooperative())
    return Letter(key, member, letter.subject, letter.body, f"statement-{title}.pdf", file)


def _reminder_subject(reminder: Reminder) -> str:
    words = {"reference": references.spaced(reminder.charge.reference)}
    if reminder.step == Reminder.Step.FIRST:
        return _("Reminder: %(reference)s is not paid yet") % words
    if reminder.step == Reminder.Step.SECOND:
        return _("Second reminder: %(reference)s is not paid yet") % words
    return _("Notice of default: %(reference)s") % words


def _reminder_body(reminder: Reminder, until_next: int, coop: Cooperative) -> str:
    charge = reminder.charge
    words = {
        "amount": _money(charge.amount, coop), "due": _day(charge.due), "days": until_next,
        "reference": references.spaced(charge.reference), "fee": _money(reminder.fee, coop),
    }  # fmt: skip
    parts = [_("%(amount)s was due on %(due)s under the reference %(reference)s.")]
    if reminder.fee:
        parts.append(_("A fee of %(fee)s is charged for this reminder."))
    parts.append(_next_words(reminder.step))
    parts.append(
        _("If you think the charge is wrong, dispute it on its page: that holds the rest.")
    )
    return "\n\n".join(part % words for part in parts)


def _next_words(step: int) -> str:
    if step == Reminder.Step.FIRST:
        return _(
            "Please pay it. If it stays open, a second reminder follows in %(days)s days, which "
            "may cost a fee."
        )
    if step == Reminder.Step.SECOND:
        return _("Please pay it. If it stays open, a notice of default follows in %(days)s days.")
    return _(
        "You are in default from today. As long as it stays open, the cooperative may take back "
        "as many of your shares as settle it, the oldest first, and tells you before each step. "
        "Paying ends the default."
    )


def _money(cents: int, coop: Cooperative) -> str:
    return f"{cents_text(cents)} {coop.currency}"


def _day(day: date) -> str:
    return date_format(day, _("j F Y"))
