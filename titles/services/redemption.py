"""The queue of redemption: asking, withdrawing, whose turn comes first, and serving it."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, User
from payments.queries import owed_by
from policies.queries import policy
from titles import exit_queries as queries
from titles.errors import NotAMember
from titles.exit_errors import (
    CreditQueued,
    CreditTooYoung,
    NothingToRedeem,
    NotWaiting,
    ReasonNeeded,
    RedemptionSuspended,
)
from titles.limits import require_unbound
from titles.models import Leaving, Redemption, RedemptionRequest, RedemptionRun, Title, TitleLink
from titles.redeeming import Served
from titles.services.giving_back import (
    Return,
    cost_shares,
    drawn_credit,
    for_charges,
    take_back,
    units_back,
)
from titles.services.locks import lock_member, lock_members, lock_pool, lock_pools
from titles.services.prepaid import settle_within
from titles.services.waiting import offer_free_units

State, Kind, Class = RedemptionRequest.State, RedemptionRequest.Kind, RedemptionRequest.Class
MAY_ASK = (Member.State.ACTIVE, Member.State.SUSPENDED, Member.State.LEAVING)


@transaction.atomic(durable=True)
def request_redemption(
    *,
    member: Member,
    pool: Pool,
    units: int,
    numbers: Sequence[int] | None = None,
    reason: str = "",
    actor: User | None,
    key: str,
) -> RedemptionRequest:
    """A place in the queue for so many units, of the titles named or else the oldest.

    They are bound from now on and served from the day on which the notice is over. The same key
    gives the first request. Raises NotAMember, NothingToRedeem, UnitsBound, KeyConflict.
    """
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = RedemptionRequest.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, pool, Kind.UNITS, units)
    if member.state not in MAY_ASK:
        raise NotAMember(name=member.name)
    if units < 1:
        raise NothingToRedeem
    require_unbound(pool, member, units)
    return enqueue(
        member=member,
        pool=pool,
        wanted=units,
        numbers=numbers,
        reason=reason,
        key=key,
        **_of_a_leaver(member),
    )


@transaction.atomic(durable=True)
def request_credit_payout(
    *, member: Member, pool: Pool, amount: int, actor: User | None, key: str
) -> RedemptionRequest:
    """A place in the same queue for credit that waited longer than the policy's limit, in cents.

    The same key gives the first request. Raises NotAMember, NothingToRedeem, CreditTooYoung,
    CreditQueued, KeyConflict.
    """
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = RedemptionRequest.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, pool, Kind.CREDIT, amount)
    if member.state not in MAY_ASK:
        raise NotAMember(name=member.name)
    if amount < 1:
        raise NothingToRedeem
    ripe = queries.ripe_credit(member, pool, timezone.now())
    if amount > ripe:
        raise CreditTooYoung(asked=amount, old=ripe)
    if waiting_credit(member, pool) is not None:
        raise CreditQueued
    more = _of_a_leaver(member)
    return enqueue(member=member, pool=pool, wanted=amount, kind=Kind.CREDIT, key=key, **more)


def _of_a_leaver(member: Member) -> Any:
    """Whoever is leaving asks as a leaver."""
    leaving = queries.leaving_of(member)
    return {} if leaving is None else {"klass": Class.LEAVING, "leaving": leaving}


def enqueue(
    *,
    member: Member,
    pool: Pool,
    wanted: int,
    key: str,
    kind: str = Kind.UNITS,
    klass: str = Class.PARTIAL,
    numbers: Sequence[int] | None = None,
    reason: str = "",
    leaving: Leaving | None = None,
    due_on: date | None = None,
) -> RedemptionRequest:
    """The row itself; the pool and the member are locked, and the rules were asked."""
    return RedemptionRequest.objects.create(
        member=member,
        pool=pool,
        kind=kind,
        wanted=wanted,
        numbers=list(numbers) if numbers else None,
        klass=klass,
        reason=reason.strip(),
        leaving=leaving,
        due_on=due_on or _due(pool),
        key=key,
    )


@transaction.atomic(durable=True)
def withdraw_redemption(*, request_id: int, actor: User | None) -> RedemptionRequest:
    """The request out of the queue; what was served stays. A second call changes nothing.

    Raises NotWaiting where it was served whole.
    """
    request = _locked(request_id)
    if request.state == State.WITHDRAWN:
        return request
    if request.state != State.WAITING:
        raise NotWaiting
    return end_request(request)


@transaction.atomic(durable=True)
def set_class(*, request_id: int, klass: str, reason: str, actor: User | None) -> RedemptionRequest:
    """Whose turn a waiting request takes, with the reason; hardship is granted here.

    Raises NotWaiting, ReasonNeeded.
    """
    request = _locked(request_id)
    if request.state != State.WAITING:
        raise NotWaiting
    if not reason.strip():
        raise ReasonNeeded
    request.klass, request.class_reason, request.class_by = Class(klass), reason.strip(), actor
    request.save(update_fields=["klass", "class_reason", "class_by"])
    return request


def end_request(request: RedemptionRequest) -> RedemptionRequest:
    """A waiting request as withdrawn; it is locked."""
    request.state, request.ended_at = State.WITHDRAWN, timezone.now()
    request.save(update_fields=["state", "ended_at"])
    return request


def waiting_credit(member: Member, pool: Pool) -> RedemptionRequest | None:
    """A member's request for a payout of credit that waits, or None."""
    return RedemptionRequest.objects.filter(
        member=member, pool=pool, kind=Kind.CREDIT, state=State.WAITING
    ).first()


@transaction.atomic(durable=True)
def serve_queue(*, pool: Pool, at: datetime, actor: User | None, key: str) -> RedemptionRun:
    """Serve the queue of a pool as far as the limit, the money and the turn of each allow.

    Everybody in one run gets the same price. What is owed is payable at once; whoever is served
    in part keeps the place. The same key gives the first run and pays nothing again. Raises
    RedemptionSuspended, KeyConflict. What comes free is offered to those who wait for units.
    """
    run = serve_within(pool=pool, at=at, actor=actor, key=key)
    offer_free_units(pool=pool)
    return run


def preview_queue(*, pool: Pool, at: datetime) -> tuple[RedemptionRun, list[Redemption]]:
    """What serving now would book, worked out by doing it and taking it back.

    Raises RedemptionSuspended.
    """
    with transaction.atomic():
        run = serve_within(pool=pool, at=at, actor=None, key=f"preview:{uuid.uuid4().hex}")
        rows = list(run.redemptions.select_related("member", "request").order_by("pk"))
        transaction.set_rollback(True)
    return run, rows


def sweep_redemptions(*, at: datetime) -> int:
    """Serve each pool once a month, as soon as somebody's turn has come; how many pools."""
    served = 0
    for pool in Pool.objects.order_by("pk"):
        key = f"month:{queries.month_of(at)}"
        done = RedemptionRun.objects.filter(pool=pool, key=key).exists()
        if not done and queries.would_serve(pool, at):
            serve_queue(pool=pool, at=at, actor=None, key=key)
            served += 1
    return served


def serve_within(*, pool: Pool, at: datetime, actor: User | None, key: str) -> RedemptionRun:
    """The same; call inside a transaction that holds nothing yet."""
    # What is set off may pay charges of any pool.
    pool = lock_pools(set(Pool.objects.values_list("code", flat=True)))[pool.code]
    before = RedemptionRun.objects.filter(pool=pool, key=key).first()
    if before is not None:
        return before
    if queries.suspension(pool, at) is not None:
        raise RedemptionSuspended(pool=pool.name)
    lock_members(Member.objects.filter(redemption_requests__in=queries.ready(pool, at)))
    for request in queries.emptied(pool, at):
        end_request(request)
    run, served = _run(pool, at, actor, key), queries.would_serve(pool, at)
    for batch in each_member_once(served, _members_of(served)):
        _serve(run, batch, actor)
    return run


def each_member_once(served: Sequence[Served], members: dict[int, int]) -> list[list[Served]]:
    """The same in the same order, cut wherever a member comes a second time."""
    batches: list[list[Served]] = []
    seen: set[int] = set()
    for part in served:
        if not batches or members[part.pk] in seen:
            batches.append([])
            seen = set()
        seen.add(members[part.pk])
        batches[-1].append(part)
    return batches


def _members_of(served: Sequence[Served]) -> dict[int, int]:
    rows = RedemptionRequest.objects.filter(pk__in=[part.pk for part in served])
    return dict(rows.values_list("pk", "member_id"))


def _run(pool: Pool, at: datetime, actor: User | None, key: str) -> RedemptionRun:
    quote, limit = queries.quote(pool, at), queries.limit(pool, at)
    return RedemptionRun.objects.create(
        pool=pool,
        key=key,
        period=queries.month_of(at),
        at=at,
        price=quote.price.per_unit,
        issue_price=quote.issue_price,
        derivation={**quote.derivation, "limit": limit.nominal},
        actor=actor,
    )


def _serve(run: RedemptionRun, batch: Sequence[Served], actor: User | None) -> None:
    pool, at = run.pool, run.at
    found = RedemptionRequest.objects.select_for_update(no_key=True, of=("self",))
    requests = {
        row.pk: row
        for row in found.select_related("member")
        .filter(pk__in=[part.pk for part in batch])
        .order_by("pk")
    }
    returns = [_return(run, requests[part.pk], part) for part in batch]
    take_back(pool=pool, returns=returns, at=at, actor=actor, run=run)
    for part, item in zip(batch, returns, strict=True):
        _note_served(requests[part.pk], part.amount, item)
        if item.settles:
            settle_within(member_id=item.member.pk, actor=actor)


def _return(run: RedemptionRun, request: RedemptionRequest, part: Served) -> Return:
    pool, member, is_credit = run.pool, request.member, request.kind == Kind.CREDIT
    chosen = (
        None
        if is_credit
        else units_back(pool=pool, member=member, units=part.amount, numbers=request.numbers)
    )
    shares = {} if is_credit else cost_shares(pool, part.amount, part.gross)
    payable = part.gross - sum(shares.values())
    return Return(
        member=member,
        key=f"{run.pk}:{request.pk}",
        price=0 if is_credit else run.price,
        nominal=part.nominal,
        gross=part.gross,
        chosen=chosen,
        drawn=drawn_credit(pool, member, part.amount) if is_credit else {},
        shares=shares,
        settles=for_charges(member, payable, owed_by(member)) if request.leaving_id else 0,
        request=request,
    )


def _note_served(request: RedemptionRequest, amount: int, item: Return) -> None:
    request.served += amount
    if request.served == request.wanted:
        request.state, request.ended_at = State.SERVED, timezone.now()
    elif request.numbers and item.chosen and item.chosen.rest:
        request.numbers = [_number_after(item.chosen.rest.pk), *request.numbers]
    request.save(update_fields=["served", "state", "ended_at", "numbers"])


def _number_after(title_id: int) -> int:
    """The number under which what was left of a divided title goes on."""
    return Title.objects.get(pk=TitleLink.objects.get(earlier_id=title_id).later_id).number


def _locked(request_id: int) -> RedemptionRequest:
    found = RedemptionRequest.objects.select_related("pool").get(pk=request_id)
    lock_pool(found.pool)
    lock_member(found.member_id)
    rows = RedemptionRequest.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("pool", "member").get(pk=request_id)


def _same(
    before: RedemptionRequest, member: Member, pool: Pool, kind: str, wanted: int
) -> RedemptionRequest:
    told = (before.member_id, before.pool_id, before.kind, before.wanted)
    if told != (member.pk, pool.pk, kind, wanted):
        raise KeyConflict
    return before


def _due(pool: Pool) -> date:
    days: int = policy("redemption_notice_days", timezone.now(), pool.code)
    return timezone.localdate() + timedelta(days=days)
