"""What members are written on the way out: plain text, in their language."""

from datetime import date
from functools import partial

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.queries import cooperative
from payments.errors import cents_text
from payments.letters import Letter, written
from titles.models import Leaving, SellDownStep

What = SellDownStep.What


def step_letter(step: SellDownStep) -> Letter:
    """The letter of one step of a sell-down."""
    write = {What.NOTICE: _notice, What.SOLD: _sold, What.ENDED: _ended}[What(step.what)]
    key = f"selldown:{step.selldown_id}:{step.number}"
    return written(key, step.selldown.member, partial(write, step), cooperative())


def left_letter(leaving: Leaving) -> Letter:
    """The letter that says that everything is settled and the membership is over."""

    def write() -> tuple[str, str]:
        body = _(
            "Everything between us is settled: you hold no shares any more, and nothing is owed "
            "on either side. Your membership has ended."
        )
        return _("Your membership has ended"), body

    return written(f"left:{leaving.pk}", leaving.member, write, cooperative())


def _notice(step: SellDownStep) -> tuple[str, str]:
    words = {"owed": _money(step.owed), "day": _day(step.next_on), "number": step.number}
    subject = _("Notice %(number)s: shares will pay what you owe") % words
    body = _(
        "You owe %(owed)s, and our reminders brought no answer. Unless it is paid, the next step "
        "is taken on %(day)s: after the last notice we take back as many of your shares as the "
        "debt needs, the oldest first. Talk to a steward if you cannot pay."
    )
    return subject, body % words


def _sold(step: SellDownStep) -> tuple[str, str]:
    words = {"amount": _money(step.amount), "owed": _money(step.owed), "count": step.units}
    body = ngettext(
        "We took back %(count)s of your shares. It brought %(amount)s against the %(owed)s that "
        "you owed. Your titles and your statement show what was booked.",
        "We took back %(count)s of your shares. They brought %(amount)s against the %(owed)s that "
        "you owed. Your titles and your statement show what was booked.",
        step.units,
    )
    return _("Shares have paid what you owed"), body % words


def _ended(step: SellDownStep) -> tuple[str, str]:
    return _("No shares will be taken back"), _(
        "The default has ended, and with it the notice. You keep your shares."
    )


def _money(cents: int) -> str:
    return f"{cents_text(cents)} {cooperative().currency}"


def _day(day: date | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else ""
