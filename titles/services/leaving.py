"""Leaving the cooperative: one way out for resignation, expulsion and death."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, MemberEvent, User
from members.services import finish_leaving as end_membership
from members.services import start_leaving, stay
from payments.services import prepaid_balance, refund_prepaid
from payments.services.mails import put_down
from policies.queries import policy
from titles import exit_queries as queries
from titles.exit_errors import AlreadyLeaving, CannotLeave, NoticeOver, NotWaiting, WrongPlan
from titles.exit_letters import left_letter
from titles.limits import bound_units
from titles.models import Leaving, RedemptionRequest, Subscription
from titles.queries import free_credit, units_of
from titles.services.locks import lock_member, lock_pools
from titles.services.prepaid import settle_from_prepaid
from titles.services.redemption import end_request, enqueue, waiting_credit
from titles.services.subscription import cancel_subscription

Reason, State = Leaving.Reason, Leaving.State
Kind, Class = RedemptionRequest.Kind, RedemptionRequest.Class
REDEEM, PASS_ON = "redeem", "pass_on"
OWN_WILL = (Reason.RESIGNATION, Reason.TRANSFER)
MAY_GO = {
    Reason.RESIGNATION: (Member.State.ACTIVE, Member.State.SUSPENDED),
    Reason.TRANSFER: (Member.State.ACTIVE, Member.State.SUSPENDED),
    Reason.EXPULSION: (Member.State.EXPELLED,),
    Reason.DEATH: (Member.State.DECEASED,),
}
"""reason → the states from which a way out begins"""


def leave(
    *,
    member: Member,
    plan: Mapping[str, str],
    actor: User | None,
    key: str,
    reason: str = Reason.RESIGNATION,
    text: str = "",
) -> Leaving:
    """Begin a way out: shares go into the queue or will be passed on, pool by pool.

    `plan` says for each pool in which shares are held "redeem" or "pass_on". Credit is asked for
    like shares; reservations are let go. By one's own will there is a notice, and the membership
    is "leaving" from now on; an expelled or deceased member has none left to give. The same key
    gives the first result. Raises CannotLeave, AlreadyLeaving, WrongPlan, KeyConflict.
    """
    leaving = _begin(member, plan, actor, key, reason, text)
    for reserved in Subscription.objects.filter(
        member=member, state=Subscription.State.RESERVED
    ).order_by("pk"):
        cancel_subscription(subscription_id=reserved.pk, actor=actor)
    return leaving


@transaction.atomic(durable=True)
def _begin(
    member: Member, plan: Mapping[str, str], actor: User | None, key: str, reason: str, text: str
) -> Leaving:
    pools = lock_pools(set(Pool.objects.values_list("code", flat=True)))
    member = lock_member(member.pk)
    before = Leaving.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, plan)
    _require_may_go(member, reason)
    held = {code: units_of(member, pool) for code, pool in pools.items()}
    kept = _complete(plan, {code for code, units in held.items() if units})
    leaving = Leaving.objects.create(
        member=member,
        reason=_own_reason(reason, kept),
        plan=kept,
        text=text.strip(),
        notice_until=notice_end(reason, timezone.now()),
        key=key,
    )
    for code, pool in sorted(pools.items()):
        _send_back(leaving, pool, kept.get(code))
    if reason in OWN_WILL:
        cause = MemberEvent.Reason(leaving.reason)
        start_leaving(member_id=member.pk, reason=cause, actor=actor, text=text)
    return leaving


def _same(before: Leaving, member: Member, plan: Mapping[str, str]) -> Leaving:
    if before.member_id != member.pk or not before.plan.items() <= dict(plan).items():
        raise KeyConflict
    return before


def _require_may_go(member: Member, reason: str) -> None:
    if queries.leaving_of(member) is not None:
        raise AlreadyLeaving(name=member.name)
    if member.state not in MAY_GO[Reason(reason)]:
        raise CannotLeave(name=member.name, state=member.get_state_display())


def _complete(plan: Mapping[str, str], held: set[str]) -> dict[str, str]:
    """The plan for the pools in which shares are held, and no others."""
    kept = {code: plan[code] for code in sorted(held) if code in plan}
    if set(kept) != held or not set(kept.values()) <= {REDEEM, PASS_ON}:
        raise WrongPlan
    return kept


def _own_reason(reason: str, plan: Mapping[str, str]) -> str:
    """Who passes everything on leaves for that reason."""
    all_passed_on = bool(plan) and set(plan.values()) == {PASS_ON}
    return Reason.TRANSFER if reason == Reason.RESIGNATION and all_passed_on else reason


def notice_end(reason: str, at: datetime) -> date:
    """The last day on which a leaving can be taken back; the day before where there is none."""
    today = timezone.localtime(at).date()
    if reason not in OWN_WILL:
        return today - timedelta(days=1)
    days: int = policy("leaving_notice_days", at)
    return today + timedelta(days=days)


def served_from(reason: str, pool: Pool, at: datetime) -> date:
    """From which day what a leaver gives back is served: both notices over; at once after death."""
    today = timezone.localtime(at).date()
    if reason == Reason.DEATH:
        return today
    days: int = policy("redemption_notice_days", at, pool.code)
    return max(today + timedelta(days=days), notice_end(reason, at) + timedelta(days=1))


def _send_back(leaving: Leaving, pool: Pool, wish: str | None) -> None:
    """Into the queue with what is not on its way already, and all of it as a leaver's."""
    member, due = leaving.member, served_from(leaving.reason, pool, timezone.now())
    RedemptionRequest.objects.filter(
        member=member, pool=pool, state=RedemptionRequest.State.WAITING, klass=Class.PARTIAL
    ).update(klass=class_of(leaving), leaving=leaving)
    if wish == REDEEM:
        _send_units(leaving, pool, due)
    _send_credit(leaving, pool, due)


def _send_units(leaving: Leaving, pool: Pool, due: date) -> None:
    free = units_of(leaving.member, pool) - bound_units(pool, leaving.member)
    if free > 0:
        _send(leaving, pool, free, Kind.UNITS, due)


def _send_credit(leaving: Leaving, pool: Pool, due: date) -> None:
    credit = free_credit(leaving.member, pool)
    if credit <= 0 or waiting_credit(leaving.member, pool) is not None:
        return
    _send(leaving, pool, credit, Kind.CREDIT, due)


def _send(leaving: Leaving, pool: Pool, wanted: int, kind: str, due: date) -> None:
    enqueue(
        member=leaving.member,
        pool=pool,
        wanted=wanted,
        kind=kind,
        klass=class_of(leaving),
        leaving=leaving,
        due_on=due,
        key=f"leaving:{leaving.pk}:{leaving.requests.count()}",
    )


def class_of(leaving: Leaving) -> str:
    """The class in which a leaver is served."""
    return Class.DEATH if leaving.reason == Reason.DEATH else Class.LEAVING


@transaction.atomic(durable=True)
def _send_what_came_late(leaving: Leaving) -> None:
    """Credit and units that came after the beginning: of a last charge, a close, a campaign.

    What is passed on stays where it is; all else goes back.
    """
    pools = lock_pools(set(Pool.objects.values_list("code", flat=True)))
    lock_member(leaving.member_id)
    for code, pool in pools.items():
        if leaving.plan.get(code, REDEEM) == REDEEM:
            _send_units(leaving, pool, timezone.localdate())
        _send_credit(leaving, pool, timezone.localdate())


@transaction.atomic(durable=True)
def withdraw_leaving(*, leaving_id: int, actor: User | None) -> Leaving:
    """Stay after all: the membership is active again, and what still waits leaves the queue.

    What was served stays served. A second call changes nothing. Raises NoticeOver, NotWaiting.
    """
    found = Leaving.objects.get(pk=leaving_id)
    lock_pools(set(Pool.objects.values_list("code", flat=True)))
    lock_member(found.member_id)
    leaving = Leaving.objects.select_for_update(no_key=True).get(pk=leaving_id)
    if leaving.state == State.WITHDRAWN:
        return leaving
    if leaving.state != State.UNDER_WAY:
        raise NotWaiting
    if timezone.localdate() > leaving.notice_until:
        raise NoticeOver
    waiting = RedemptionRequest.objects.filter(
        leaving=leaving, state=RedemptionRequest.State.WAITING
    )
    for request in waiting.select_for_update(no_key=True).order_by("pk"):
        end_request(request)
    stay(member_id=leaving.member_id, actor=actor)
    return _end(leaving, State.WITHDRAWN)


def sweep_leavings(*, at: datetime) -> int:
    """Finish every way out whose notice is over and that is settled; how many."""
    today = timezone.localtime(at).date()
    found = Leaving.objects.filter(state=State.UNDER_WAY, notice_until__lt=today)
    done = 0
    for leaving in found.select_related("member").order_by("pk"):
        _send_what_came_late(leaving)
        _use_what_was_paid_ahead(leaving)
        done += finish(leaving_id=leaving.pk, actor=None)
    return done


def _use_what_was_paid_ahead(leaving: Leaving) -> None:
    """Charges are settled from the prepaid balance; what is left of it then is paid out."""
    member = leaving.member
    if prepaid_balance(member.pk) <= 0:
        return
    settle_from_prepaid(member=member, actor=None)
    left = prepaid_balance(member.pk)
    if left > 0 and not queries.owes(member):
        refund_prepaid(member=member, amount=left, actor=None, key=f"leaving:{leaving.pk}:{left}")


@transaction.atomic(durable=True)
def finish(*, leaving_id: int, actor: User | None) -> bool:
    """End a membership where nothing is held or owed any more; whether it is ended by this."""
    found = Leaving.objects.get(pk=leaving_id)
    member = lock_member(found.member_id)
    leaving = Leaving.objects.select_for_update(no_key=True).get(pk=leaving_id)
    if leaving.state != State.UNDER_WAY or timezone.localdate() <= leaving.notice_until:
        return False
    if queries.unsettled(member):
        return False
    if member.state == Member.State.LEAVING:
        end_membership(member_id=member.pk, actor=actor)
    _end(leaving, State.FINISHED)
    put_down([left_letter(leaving)])
    return True


def _end(leaving: Leaving, state: str) -> Leaving:
    leaving.state, leaving.ended_at = State(state), timezone.now()
    leaving.save(update_fields=["state", "ended_at"])
    return leaving
