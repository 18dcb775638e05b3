"""Statements by mail: on demand, and to everybody with something on it when a period is closed."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from members.models import Member
from payments.letters import language_of, statement_letter
from payments.models import Charge, Mail
from payments.services.mails import put_down
from payments.statements.build import member_statement
from payments.statements.pdf import statement_pdf


def mail_statement(*, member: Member, start: date, end: date, key: str) -> None:
    """A member's statement as a letter with its PDF, in their language; each key once."""
    if Mail.objects.filter(key=key).exists():
        return
    with translation.override(language_of(member)):
        file = statement_pdf(member_statement(member, start, end))
    letter = statement_letter(key, member, f"{start:%Y-%m-%d}--{end:%Y-%m-%d}", file)
    with transaction.atomic():
        put_down([letter])


def mail_period(*, code: str, start: date, end: date, most: int = 100) -> int:
    """Statements of a closed period to those charged for it who have none yet; how many.

    The PDFs are made outside of any transaction. A later call goes on where this one ended.
    """
    members = without_statement(code)[:most]
    for member in members:
        key = f"statement:{code}:{member.pk}"
        mail_statement(member=member, start=start, end=end, key=key)
    return len(members)


def without_statement(code: str) -> Sequence[Member]:
    """Members who were charged for a period and have not been sent its statement."""
    charged = Charge.objects.filter(kind=Charge.Kind.PERIOD, about=f"period:{code}")
    sent = Mail.objects.filter(key__startswith=f"statement:{code}:").values("member_id")
    waiting = Member.objects.filter(Q(pk__in=charged.values("member_id")) & ~Q(pk__in=sent))
    return list(waiting.select_related("user").order_by("pk"))


def today_key(member: Member, start: date, end: date) -> str:
    """The key of a statement asked for today: one a day and span."""
    return f"statement:{member.pk}:{start}:{end}:{timezone.localdate()}"
