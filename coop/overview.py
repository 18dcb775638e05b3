"""What the overview shows one member, read from every app: own, may use, owe, path, to do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assets.register import offers_to as asked_to_keep
from coop.amounts import day_format, money_text
from coop.holdings import holdings_of
from coop.path import path_of
from governance.notices.queries import mentions_of
from governance.queries import votes_needed_of
from governance.sanctions.queries import waiting_for
from ledger.queries import balance
from members.models import Member
from members.queries import bylaws_to_accept
from payments import queries as payments
from payments.models import Charge, ChargeLine
from payments.statements.words import in_words
from titles import queries as titles
from titles.models import Title
from titles.transfers import offers_to, standing_places
from tokens.models import Period, Settlement
from tokens.queries import books_of, current_period, gifts_waiting

RECENT_DAYS = 31
SHOWN = 6


@dataclass(frozen=True)
class Debt:
    """What is open: cents in all, of which cost, of which the payer's own equity; due when.

    `so_far` is what the running period brought up to now, not final.
    """

    total: int
    cost: int
    profit: int
    due: date | None
    so_far: int
    charges: tuple[Charge, ...]


@dataclass(frozen=True)
class StatementRow:
    """A line of the statement in words; cents, None where a column does not apply."""

    day: date
    what: str
    url: str
    cost: int | None
    profit: int | None
    paid: int
    balance: int


@dataclass(frozen=True)
class Task:
    """Something that waits for the member: a sentence, how pressing, where to do it."""

    badge: str
    kind: str
    text: str
    verb: str
    url: str


def debt_of(member: Member) -> Debt:
    """What a member has to pay: open charges of periods, shares not counted."""
    charges = Charge.objects.filter(
        member=member, state=Charge.State.OPEN, kind=Charge.Kind.PERIOD
    ).order_by("due", "pk")
    sums = ChargeLine.objects.filter(charge__in=charges).aggregate(
        cost=Sum("cost", default=0), profit=Sum("profit", default=0)
    )
    rows = tuple(charges)
    total = sum(row.amount for row in rows)
    so_far = balance(settings.COOP_CURRENCY, "provisional_receivable", f"member/{member.pk}")
    due = rows[0].due if rows else None
    return Debt(total, sums["cost"], sums["profit"], due, so_far, rows)


def tasks_of(member: Member) -> list[Task]:
    """What needs the member: votes, sums to pay, gifts to accept; then what is new."""
    return [
        *votes(member),
        *calls(member),
        *panels(member),
        *unpaid(member),
        *reservations(member),
        *offered_shares(member),
        *gifts(member),
        *custody(member),
        *bylaws(member),
        *new_titles(member),
    ]


def bylaws(member: Member) -> list[Task]:
    """New bylaws that wait for the member's consent."""
    version = bylaws_to_accept(member)
    if version is None:
        return []
    text = _("The bylaws have changed: version %(version)s.") % {"version": version.version}
    return [Task(_("new"), "wait", text, _("Read the bylaws"), reverse("members:mine"))]


def votes(member: Member) -> list[Task]:
    return [
        Task(
            badge=closing(proposal.closes_at),
            kind="wait",
            text=proposal.title,
            verb=_("Vote"),
            url=reverse("governance:decision", args=[proposal.pk]),
        )
        for proposal in votes_needed_of(member)
    ]


def calls(member: Member) -> list[Task]:
    """Where others name the member in a discussion, and they have not looked."""
    return [
        Task(
            badge=_("new"),
            kind="",
            text=_("%(name)s names you in the discussion of “%(title)s”.")
            % {"name": mention.post.member.name, "title": mention.post.proposal.title},
            verb=_("Read it"),
            url=reverse("governance:post", args=[mention.post.proposal_id, mention.post_id]),
        )
        for mention in mentions_of(member)
    ]


def panels(member: Member) -> list[Task]:
    """Panels that the lot has called the member to, and where they have not answered."""
    return [
        Task(
            badge=closing(seat.appeal.until),
            kind="wait",
            text=_("The lot has drawn you for a panel"),
            verb=_("Read both sides and vote"),
            url=reverse("governance:panel", args=[seat.appeal_id]),
        )
        for seat in waiting_for(member)
    ]


def closing(moment: datetime | None) -> str:
    if moment is None:
        return _("open")
    days = (timezone.localdate(moment) - timezone.localdate()).days
    if days <= 0:
        return _("closes today")
    return ngettext("closes in %(days)s day", "closes in %(days)s days", days) % {"days": days}


def unpaid(member: Member) -> list[Task]:
    return [
        Task(
            badge=_("overdue") if charge.due < timezone.localdate() else _("waiting for payment"),
            kind="wait",
            text=_("%(amount)s for %(period)s, due %(day)s")
            % {
                "amount": money_text(charge.amount),
                "period": charge.about.partition(":")[2],
                "day": date_format(charge.due, day_format()),
            },
            verb=_("Pay"),
            url=reverse("payments:charge", args=[charge.pk]),
        )
        for charge in debt_of(member).charges
    ]


def reservations(member: Member) -> list[Task]:
    waiting = titles.subscriptions_of(member).filter(state="reserved")
    return [
        Task(
            badge=_("waiting for payment"),
            kind="wait",
            text=ngettext(
                "%(count)s share of %(pool)s is reserved for you",
                "%(count)s shares of %(pool)s are reserved for you",
                row.count,
            )
            % {"count": row.count, "pool": row.pool.name},
            verb=_("Pay"),
            url=reverse("titles:pay", args=[row.pk]),
        )
        for row in waiting
    ]


def offered_shares(member: Member) -> list[Task]:
    """Offers of other members, and what the waiting list keeps for this one."""
    given = [
        offered_task(row.units, row.pool.name, reverse("titles:transfer", args=[row.pk]))
        for row in offers_to(member)
    ]
    kept = standing_places(member).filter(state="offered")
    return given + [
        offered_task(row.offered, row.pool.name, reverse("titles:buy_in")) for row in kept
    ]


def offered_task(units: int, pool: str, url: str) -> Task:
    text = ngettext(
        "%(count)s share of %(pool)s is offered to you",
        "%(count)s shares of %(pool)s are offered to you",
        units,
    ) % {"count": units, "pool": pool}
    return Task(_("waits for your answer"), "wait", text, _("Look at it"), url)


def custody(member: Member) -> list[Task]:
    """Things of the cooperative that the member is asked to keep."""
    return [
        Task(
            badge=_("waits for your answer"),
            kind="wait",
            text=_("Will you keep the %(asset)s?") % {"asset": row.asset.name},
            verb=_("Answer"),
            url=reverse("assets:mine"),
        )
        for row in asked_to_keep(member)
    ]


def gifts(member: Member) -> list[Task]:
    if not gifts_waiting(member).exists():
        return []
    text = _("Somebody wants to give you tokens")
    return [Task(_("gift"), "", text, _("Look at it"), reverse("tokens:mine"))]


def new_titles(member: Member) -> list[Task]:
    since = timezone.now() - timedelta(days=RECENT_DAYS)
    newest = titles.titles_of(member).filter(issued_at__gte=since).last()
    if newest is None:
        return []
    text = _("Title %(title)s was signed for you") % {"title": title_name(newest)}
    return [Task(_("new"), "", text, _("See it"), title_url(newest))]


def title_name(title: Title) -> str:
    return _("No. %(number)s") % {"number": f"{title.number:04d}"}


def title_url(title: Title) -> str:
    return reverse("titles:title", args=[title.number])


def statement_rows(member: Member) -> list[StatementRow]:
    """The latest lines of the statement; the balance is what was owed after each, as there."""
    return [statement_row(line) for line in payments.statement_of(member)[:SHOWN]]


def statement_row(line: payments.StatementLine) -> StatementRow:
    lines = list(line.charge.lines.all())
    return StatementRow(
        day=line.day,
        what=what_of(line),
        url=reverse("payments:charge", args=[line.charge.pk]),
        cost=sum(part.cost for part in lines) if line.charged else None,
        profit=sum(part.profit for part in lines) if line.charged else None,
        paid=line.paid,
        balance=line.balance,
    )


def what_of(line: payments.StatementLine) -> str:
    reference = {"reference": line.charge.reference}
    if line.charge.kind == Charge.Kind.SUBSCRIPTION:
        return _("Shares bought and paid, reference %(reference)s") % reference
    if line.paid:
        return _("Payment, reference %(reference)s") % reference
    if line.charge.kind != Charge.Kind.PERIOD:
        return in_words(line.charge)
    period = line.charge.about.partition(":")[2]
    return _("Use and cost of %(period)s, closed") % {"period": period}


def overview_of(member: Member) -> dict[str, Any]:
    """Everything the page shows."""
    at = timezone.now()
    period = current_period()
    holdings = holdings_of(member, at)
    debt = debt_of(member)
    mine = list(titles.titles_of(member).filter(state=Title.State.LIVE))
    books = books_of(member, period) if period else []
    return {
        "period": period,
        "holdings": holdings,
        "books": books,
        "debt": debt,
        "pay_url": reverse("payments:charge", args=[debt.charges[0].pk]) if debt.charges else "",
        "tasks": tasks_of(member),
        "path": path_of(member, holdings, books, period) if period else None,
        "several_pools": len({b.row.pool_id for b in books}) > 1,
        "days_left": (timezone.localdate(period.end) - timezone.localdate(at)).days
        if period
        else 0,
        "my_titles": mine,
        "newest_title": title_name(mine[-1]) if mine else "",
        "statement": statement_rows(member),
        "profit_open": debt.profit,
        "last_profit": last_profit(member),
        "first_name": member.name.split()[0] if member.kind == "person" else member.name,
        "greeting": greeting(timezone.localtime(at).hour),
    }


def last_profit(member: Member) -> int:
    """Cents paid above cost for the last closed period."""
    last = Period.objects.filter(state=Period.State.CLOSED).last()
    rows = Settlement.objects.filter(book__member=member, book__yields__period=last)
    return int(rows.aggregate(n=Sum("profit", default=0))["n"])


def greeting(hour: int) -> str:
    if hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour < 18 else _("Good evening")
