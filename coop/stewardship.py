"""The work that waits for a steward, gathered from every app."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.template import loader
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assets.register import faulty
from assets.register import waiting as waiting_assets
from bank.queries import waiting_lines
from coop.amounts import day_format, money_text, tokens_text
from governance.queries import drafts_waiting
from members.identity.queries import erasure_waiting
from members.queries import applicants, open_appeals
from metering.disputes.disputed import disputes_waiting
from metering.models import Node
from metering.queries import waiting_requests
from metering.trust.standing import claimed_requests, held_back, waiting_rotations
from metering.vouchers.presented import waiting_doubles
from payments.models import Payout
from payments.queries import (
    defaults_in_force,
    disputed_charges,
    open_charges,
    payouts_approved,
    payouts_waiting,
    unsure_mails,
)
from titles.campaigns import campaigns, progress_of
from titles.exit_pages import desk_context
from titles.heritage import estates_waiting
from titles.queries import waiting_subscriptions
from tokens.queries import current_period
from tokens.services.close import next_step

SHOWN = 5


@dataclass(frozen=True)
class Item:
    """One piece of work: what it is about, a word on it, where it is done."""

    text: str
    note: str
    url: str


@dataclass(frozen=True)
class Queue:
    """One kind of work: how much waits, the first few, where all of it is; what none means."""

    title: str
    number: int
    items: tuple[Item, ...]
    url: str
    verb: str
    empty: str


def work_waiting() -> list[Queue]:
    """Every kind of work, the waiting ones first."""
    queues = [
        applications(),
        appeals(),
        shares(),
        charges(),
        bank_lines(),
        payouts(),
        late(),
        estates(),
        exits(),
        period(),
        drafts(),
        nodes(),
        vouchers(),
        disputes(),
        things(),
        planned(),
        erasures(),
    ]
    return sorted(queues, key=lambda queue: queue.number == 0)


def work_with_money() -> list[Queue]:
    """What a treasurer does who is no steward, the waiting ones first."""
    queues = [shares(), charges(), bank_lines(), payouts(), late()]
    return sorted(queues, key=lambda queue: queue.number == 0)


def applications() -> Queue:
    rows = applicants()
    url = reverse("members:applications")
    items = [
        Item(row.name, _("applied %(day)s") % {"day": day(row.applied_at)}, url) for row in rows
    ]
    empty = _("Nobody waits to be admitted.")
    return queue(_("Applications"), items, url, _("Read them"), empty)


def appeals() -> Queue:
    items = [
        Item(
            _("%(member)s appeals") % {"member": row.event.member.name},
            _("against: %(decision)s") % {"decision": row.event.get_to_state_display()},
            reverse("members:appeal", args=[row.pk]),
        )
        for row in open_appeals()
    ]
    empty = _("Nobody waits for an answer to an appeal.")
    return queue(_("Appeals"), items, reverse("members:register"), _("See the register"), empty)


def shares() -> Queue:
    url = reverse("titles:incoming")
    items = [
        Item(
            ngettext(
                "%(member)s: %(count)s share of %(pool)s",
                "%(member)s: %(count)s shares of %(pool)s",
                row.count,
            )
            % {"member": row.member.name, "count": row.count, "pool": row.pool.name},
            _("%(amount)s expected under %(reference)s")
            % {"amount": money_text(row.charge.amount), "reference": row.charge.reference},
            url,
        )
        for row in waiting_subscriptions()
    ]
    empty = _("Nobody has reserved shares.")
    return queue(_("Shares waiting for payment"), items, url, _("Mark payments"), empty)


def estates() -> Queue:
    """Deceased members whose shares wait for their heirs."""
    url = reverse("titles:estates")
    items = [
        Item(
            row.name,
            _("member %(number)s") % {"number": row.number},
            reverse("titles:estate", args=[row.pk]),
        )
        for row in estates_waiting()
    ]
    empty = _("No estate waits for its heirs.")
    return queue(_("Estates"), items, url, _("Pass them on"), empty)


def charges() -> Queue:
    url = reverse("titles:incoming")
    items = [
        Item(
            _("%(member)s owes %(amount)s")
            % {"member": row.member.name, "amount": money_text(row.amount)},
            overdue(row.due),
            url,
        )
        for row in open_charges().filter(kind="period")
    ]
    empty = _("Everything charged is paid.")
    return queue(_("Charges not paid yet"), items, url, _("Mark payments"), empty)


def payouts() -> Queue:
    """Payouts that wait for two treasurers, and approved ones that wait for a file."""
    url = reverse("payments:payouts_desk")
    items = [
        *(payout_item(row, _("waits for approval")) for row in payouts_waiting()),
        *(payout_item(row, _("approved: waits for its file")) for row in payouts_approved()),
    ]
    empty = _("No payout waits for approval.")
    return queue(_("Payouts"), items, url, _("See the payouts"), empty)


def payout_item(row: Payout, note: str) -> Item:
    words = {"amount": money_text(row.amount), "member": row.member.name}
    url = reverse("payments:payout", args=[row.pk])
    return Item(_("%(amount)s to %(member)s") % words, note, url)


def late() -> Queue:
    """Disputes that want an answer, members in default, letters that may not have gone."""
    url = reverse("payments:reminders_desk")
    items = [
        *(Item(row.member.name, _("disputes %(what)s") % {"what": row.reference}, url)
          for row in disputed_charges()),
        *(Item(row.member.name, _("in default since %(day)s")
               % {"day": date_format(row.since, day_format())}, url)
          for row in defaults_in_force()),
        *(Item(row.member.name, _("a letter may not have gone"), url) for row in unsure_mails()),
    ]  # fmt: skip
    empty = _("Nobody disputes a charge or is in default.")
    return queue(_("Reminders"), items, url, _("See the reminders"), empty)


def bank_lines() -> Queue:
    """Lines of bank statements that only a person can decide."""
    items = [
        Item(
            _("%(amount)s, %(name)s")
            % {"amount": money_text(row.amount), "name": row.name or _("without a name")},
            row.get_state_display(),
            reverse("bank:line", args=[row.pk]),
        )
        for row in waiting_lines()
    ]
    empty = _("Every line of the statements is booked or decided.")
    return queue(_("Bank"), items, reverse("bank:desk"), _("To the bank desk"), empty)


def overdue(due: date) -> str:
    words = {"day": date_format(due, day_format())}
    late = due < timezone.localdate()
    return (_("overdue since %(day)s") if late else _("due %(day)s")) % words


def exits() -> Queue:
    """Queues of redemption that can be served now, and ways out that nobody has begun."""
    desk, url = desk_context(), reverse("titles:exits")
    items = [
        Item(
            _("Shares of %(pool)s come back") % {"pool": row["pool"].name},
            ngettext("%(n)s request can be served", "%(n)s requests can be served", row["served"])
            % {"n": row["served"]},
            reverse("titles:exit_queue", args=[row["pool"].code]),
        )
        for row in desk["rows"]
        if row["served"]
    ]
    items += [
        Item(member.name, _("has gone; what is held waits"), url) for member in desk["to_begin"]
    ]
    empty = _("Nobody waits to be served.")
    return queue(_("Those who go"), items, url, _("See the queues"), empty)


def period() -> Queue:
    running = current_period()
    url = reverse("tokens:periods")
    empty = _("The period runs; it can be closed when it is over.")
    title = _("Periods to close")
    if running is None:
        item = Item(_("No period is open"), _("tokens are issued when one opens"), url)
        return queue(title, [item], url, _("Open a period"), empty)
    run = running.close_runs.filter(state="stopped").last()
    if run is not None:
        words = _("The close of %(code)s has stopped") % {"code": running.code}
        item = Item(words, run.error, reverse("tokens:close", args=[running.code]))
        return queue(title, [item], url, _("Carry it on"), empty)
    over = running.end <= timezone.now() or running.state == running.State.CLOSING
    if not over:
        return queue(title, [], url, _("See the period"), empty)
    name = step_name(next_step(running))
    note = _("next step: %(step)s") % {"step": name} if name else _("no step is left")
    return queue(title, [Item(running.code, note, url)], url, _("Close it"), empty)


def step_name(step: str | None) -> str:
    return loader.render_to_string("tokens/step_name.html", {"name": step}).strip() if step else ""


def drafts() -> Queue:
    items = [
        Item(
            row.title,
            _("proposed by %(member)s") % {"member": row.proposer.name},
            reverse("governance:decision", args=[row.pk]),
        )
        for row in drafts_waiting()
    ]
    url = reverse("governance:decisions")
    empty = _("No draft waits for publication.")
    return queue(_("Drafts to publish"), items, url, _("See all decisions"), empty)


def erasures() -> Queue:
    """Former members who ask to be forgotten."""
    url = reverse("erasures")
    items = [
        Item(row.member.name, _("asked %(day)s") % {"day": day(row.asked_at)}, url)
        for row in erasure_waiting()
    ]
    empty = _("Nobody asks to be forgotten.")
    return queue(_("Requests for erasure"), items, url, _("Decide them"), empty)


def nodes() -> Queue:
    """Nodes that ask to be let in, are held back, or want a new key."""
    url = reverse("metering:nodes")
    items = [
        *(Item(row.hostname, _("asks to be let in"), url) for row in waiting_requests()),
        *(
            Item(row.label, _("waits for a second owner"), reverse("metering:enrol"))
            for row in claimed_requests()
        ),
        *(
            Item(
                row.node.label,
                _("asks for a new key"),
                reverse("metering:rotation", args=[row.node.uuid, row.pk]),
            )
            for row in waiting_rotations()
        ),
        *(held_item(row) for row in held_back()),
    ]
    empty = _("Every node signs as it should.")
    return queue(_("Nodes to look at"), items, url, _("See the nodes"), empty)


def held_item(row: Node) -> Item:
    """A node that is suspect or quarantined."""
    until = getattr(row, "until", None)
    note = _("under suspicion: its readings are not rated")
    if row.state == Node.State.QUARANTINED:
        note = _("quarantined until somebody decides")
        if until is not None:
            note = _("quarantined until %(day)s, unless a vote confirms it") % {"day": day(until)}
    return Item(row.label, note, reverse("metering:node", args=[row.uuid]))


def vouchers() -> Queue:
    """Vouchers that were presented twice, and that nobody has looked at since."""
    items = [
        Item(
            row.book.member.name,
            _("voucher presented twice: %(amount)s tokens beyond it")
            % {"amount": tokens_text(row.beyond)},
            reverse("vouchers:desk"),
        )
        for row in waiting_doubles()
    ]
    empty = _("No voucher was presented twice.")
    return queue(_("Vouchers"), items, reverse("vouchers:desk"), _("Look at them"), empty)


def disputes() -> Queue:
    """What members doubt of their metered use."""
    items = [
        Item(
            row.link.label if row.link else row.member.name if row.member else "",
            (
                _("its ends contradict each other on %(day)s")
                if row.link
                else _("doubts what was metered on %(day)s")
            )
            % {"day": date_format(row.day, day_format())},
            reverse("metering:answer", args=[row.pk]),
        )
        for row in disputes_waiting()
    ]
    url = reverse("metering:disputes")
    empty = _("Nobody disputes what was metered.")
    return queue(_("Disputed use"), items, url, _("Answer them"), empty)


def things() -> Queue:
    """Assets that wait for repair, and assets that are ordered."""
    broken = [(row, _("faulty: %(why)s") % {"why": row.events.all()[0].reason}) for row in faulty()]
    coming = [(row, _("ordered; it does not serve yet")) for row in waiting_assets()]
    items = [
        Item(row.name, note, reverse("assets:asset", args=[row.pk]))
        for row, note in broken + coming
    ]
    empty = _("Everything that we own serves.")
    return queue(_("Assets to look after"), items, reverse("assets:register"), _("See them"), empty)


def planned() -> Queue:
    """Campaigns whose money is there: somebody has to propose the purchase."""
    url = reverse("campaigns:list")
    items = [
        Item(
            progress.campaign.name,
            _("%(amount)s is there: propose to buy it") % {"amount": money_text(progress.paid)},
            reverse("campaigns:campaign", args=[progress.campaign.pk]),
        )
        for progress in progress_of(campaigns().filter(state="open"))
        if progress.paid >= progress.campaign.goal
    ]
    empty = _("No campaign has reached its goal.")
    return queue(_("Things to buy"), items, url, _("See what is planned"), empty)


def queue(title: str, items: Iterable[Item], url: str, verb: str, empty: str) -> Queue:
    found = tuple(items)
    return Queue(title, len(found), found[:SHOWN], url, verb, empty)


def day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), day_format())
