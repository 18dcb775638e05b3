"""Reminders: who is late, what is done about it, what holds it. docs/dunning.md has the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from ledger.services import Leg, Posting, actor_name, post_many
from members.models import User
from members.queries import member_of
from payments.accounts import money_accounts
from payments.errors import AlreadyPaid, NotTheirs, ReasonNeeded
from payments.letters import reminder_letters
from payments.models import Charge, ChargeLine, MemberDefault, Reminder, ReminderStop
from payments.services.charges import lock_charge, raise_charges
from payments.services.mails import put_down
from policies.registry import PARAMETERS

KEYS = ("reminder_days", "second_reminder_days", "default_days", "second_reminder_fee")
HELD = (ReminderStop.Kind.PAUSED, ReminderStop.Kind.DISPUTED)
"""what holds the steps of a charge"""
ONE_SWEEP = 0x64756E
"""the advisory lock that lets one sweep run at a time"""
TERM = """coalesce((SELECT (v.value #>> '{{}}')::bigint FROM policies_policyvalue v
    WHERE v.key = '{key}' AND v.scope = '' AND v.valid_from <= c.created_at
    ORDER BY v.valid_from DESC, v.id DESC LIMIT 1), %({key})s)"""
# A step waits for its day after the due day, and for its distance from the step before: nobody is
# led through every step in one night because the sweep stood still.
DUE = f"""
WITH terms AS (
    SELECT c.id, c.member_id, c.due,
           ARRAY[{", ".join(TERM.format(key=key) for key in KEYS[:3])}] AS days,
           {TERM.format(key=KEYS[3])} AS fee,
           (SELECT max(r.step) FROM payments_reminder r WHERE r.charge_id = c.id) AS step,
           (SELECT max(r.taken_on) FROM payments_reminder r WHERE r.charge_id = c.id) AS taken
    FROM payments_charge c
    WHERE c.state = 'open' AND c.kind = 'period' AND c.due < %(today)s
), next AS (
    SELECT t.*, coalesce(step, 0) + 1 AS next,
           days[coalesce(step, 0) + 1] AS after,
           coalesce(days[step + 1] - days[step], 0) AS apart
    FROM terms t WHERE coalesce(step, 0) < 3
)
SELECT c.id, n.member_id, n.next, n.after, CASE WHEN n.next = 2 THEN n.fee ELSE 0 END,
       (SELECT l.fund FROM payments_chargeline l WHERE l.charge_id = c.id ORDER BY l.id LIMIT 1),
       coalesce(days[n.next + 1] - n.after, 0)
FROM next n JOIN payments_charge c ON c.id = n.id
WHERE %(today)s >= n.due + n.after::int AND (taken IS NULL OR %(today)s >= taken + apart::int)
  AND c.state = 'open'
  AND coalesce((SELECT s.kind FROM payments_reminderstop s WHERE s.charge_id = c.id
                ORDER BY s.id DESC LIMIT 1), 'resumed') = 'resumed'
ORDER BY c.id FOR NO KEY UPDATE OF c"""
FEES = """
SELECT member_id, 'fee' AS kind, fund, '' AS resource, count(*)::bigint AS quantity,
       amount AS rate, 0::bigint AS cost_rate, sum(amount)::bigint AS cost, 0::bigint AS profit
FROM unnest(%(members)s::bigint[], %(funds)s::text[], %(fees)s::bigint[])
     AS f(member_id, fund, amount) WHERE amount > 0 GROUP BY member_id, fund, amount"""


@dataclass(frozen=True)
class Step:
    """One step that is due: `days` after the due day, cents of fee, days until the next step."""

    charge_id: int
    member_id: int
    step: int
    days: int
    fee: int
    fund: str
    until_next: int


@transaction.atomic(durable=True)
def remind(*, today: date, actor: User | None = None) -> list[Reminder]:
    """Every step that is due on a day, each with its letter; a second call finds none.

    The terms are those in force when the charge was raised. Fees are charges of their own, due on
    the same day as the step; the last step marks the member as in default. A fixed number of
    statements however many charges are late.
    """
    steps = _due_steps(today)
    if not steps:
        return []
    fees = _charge_fees(steps, today, actor)
    taken = Reminder.objects.bulk_create(_reminder(step, today, fees) for step in steps)
    MemberDefault.objects.bulk_create(
        MemberDefault(member_id=step.member_id, charge_id=step.charge_id, since=today)
        for step in steps
        if step.step == Reminder.Step.NOTICE
    )
    _write_letters(taken, steps)
    return taken


@transaction.atomic(durable=True)
def pause_reminders(*, charge_id: int, reason: str, actor: User | None) -> ReminderStop:
    """No further step for a charge until it is resumed; raises ReasonNeeded, AlreadyPaid."""
    return _stop(charge_id, ReminderStop.Kind.PAUSED, reason, actor)


@transaction.atomic(durable=True)
def resume_reminders(*, charge_id: int, reason: str, actor: User | None) -> ReminderStop:
    """The steps of a charge go on from here; raises ReasonNeeded, AlreadyPaid."""
    return _stop(charge_id, ReminderStop.Kind.RESUMED, reason, actor)


@transaction.atomic(durable=True)
def dispute_charge(*, charge_id: int, reason: str, actor: User) -> ReminderStop:
    """The member says that a charge is wrong: no further step until a treasurer answers.

    Raises NotTheirs, ReasonNeeded, AlreadyPaid.
    """
    if not Charge.objects.filter(pk=charge_id, member=member_of(actor)).exists():
        raise NotTheirs
    return _stop(charge_id, ReminderStop.Kind.DISPUTED, reason, actor)


def _stop(charge_id: int, kind: str, reason: str, actor: User | None) -> ReminderStop:
    if not reason.strip():
        raise ReasonNeeded
    charge = lock_charge(charge_id)
    if charge.state != Charge.State.OPEN:
        raise AlreadyPaid(reference=charge.reference)
    last = ReminderStop.objects.filter(charge=charge).order_by("-pk").first()
    if last is not None and (last.kind, last.reason) == (kind, reason.strip()):
        return last
    return ReminderStop.objects.create(
        charge=charge, kind=kind, reason=reason.strip()[:400], by=actor
    )


def _due_steps(today: date) -> list[Step]:
    values = {key: PARAMETERS[key].default for key in KEYS} | {"today": today}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_SWEEP])
        cursor.execute(DUE, values)
        return [Step(*row) for row in cursor.fetchall()]


def _charge_fees(steps: Sequence[Step], today: date, actor: User | None) -> dict[int, Charge]:
    """The fee charges by member, raised and booked."""
    params = {
        "members": [step.member_id for step in steps],
        "funds": [step.fund for step in steps],
        "fees": [step.fee for step in steps],
    }
    first = min(step.charge_id for step in steps)
    about = f"reminders:{today:%Y-%m-%d}:{first}"
    ids = raise_charges(lines=FEES, params=params, kind=Charge.Kind.FEE, about=about, due=today)
    charges = list(Charge.objects.filter(pk__in=ids).prefetch_related("lines").order_by("pk"))
    _book_fees(charges, actor)
    return {charge.member_id: charge for charge in charges}


def _book_fees(charges: Sequence[Charge], actor: User | None) -> None:
    owed = {("receivable", f"member/{charge.member_id}") for charge in charges}
    income = {("fee_income", f"pool/{line.fund}") for c in charges for line in c.lines.all()}
    if not charges:
        return
    accounts = money_accounts(owed | income)
    post_many(
        [
            Posting(
                source="payments",
                key=f"fee:{charge.pk}",
                kind="fee charged",
                legs=[
                    Leg(accounts["receivable", f"member/{charge.member_id}"], charge.amount),
                    *(
                        Leg(accounts["fee_income", f"pool/{line.fund}"], -line.cost)
                        for line in _by_fund(charge)
                    ),
                ],
                about=f"charge:{charge.pk}",
                actor=actor_name(actor),
                memo=charge.reference,
            )
            for charge in charges
        ]
    )


def _by_fund(charge: Charge) -> list[ChargeLine]:
    return sorted(charge.lines.all(), key=lambda line: line.fund)


def _reminder(step: Step, today: date, fees: dict[int, Charge]) -> Reminder:
    return Reminder(
        charge_id=step.charge_id,
        step=step.step,
        taken_on=today,
        days=step.days,
        fee=step.fee,
        fee_charge=fees[step.member_id] if step.fee else None,
    )


def _write_letters(taken: Sequence[Reminder], steps: Sequence[Step]) -> None:
    """The letters of these reminders, with their charges and members read at once."""
    until_next = {(step.charge_id, step.step): step.until_next for step in steps}
    charges = Charge.objects.select_related("member__user").in_bulk(
        [reminder.charge_id for reminder in taken]
    )
    for reminder in taken:
        reminder.charge = charges[reminder.charge_id]
    put_down(reminder_letters([(r, until_next[r.charge_id, r.step]) for r in taken]))
