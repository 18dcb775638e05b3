"""Passing units on to another member: offering, accepting, declining, withdrawing."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from payments.accounts import money_accounts
from policies.queries import policy
from titles import notices
from titles.accounts import capital_name, holding_accounts
from titles.errors import (
    CannotGive,
    CannotReceive,
    LockedUp,
    NotOffered,
    ToOneself,
    TransfersClosed,
    WrongCode,
)
from titles.limits import acquired_last, linked_ids, require_room, require_unbound
from titles.models import Title, Transfer
from titles.services.chain import Chosen, choose, replace
from titles.services.issue import Cause, Grant
from titles.services.locks import lock_members, lock_pool

SOURCE = "transfer"
State = Transfer.State
MAY_GIVE = (Member.State.ACTIVE, Member.State.LEAVING)
ORIGINS = {
    Transfer.Kind.TRANSFER: Title.Origin.TRANSFER,
    Transfer.Kind.GIFT: Title.Origin.GIFT,
}
KINDS = {
    Transfer.Kind.TRANSFER: "shares passed on",
    Transfer.Kind.GIFT: "shares given",
}
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12


@dataclass(frozen=True)
class Offered:
    """An offer, and the code that leads to it where it names no receiver; shown this once."""

    transfer: Transfer
    code: str


@transaction.atomic(durable=True)
def offer_units(
    *,
    giver: Member,
    pool: Pool,
    units: int,
    actor: User | None,
    key: str,
    to_number: int | None = None,
    kind: str = Transfer.Kind.TRANSFER,
    numbers: Sequence[int] = (),
    note: str = "",
) -> Offered:
    """Offer units to the member with a number, or, without one, to whoever gets the code.

    Nothing moves before the receiver accepts. The units come from the titles named, in that
    order, else from the oldest. The same key gives the first offer, without its code. Raises
    CannotGive, CannotReceive, ToOneself, TransfersClosed, TooFewUnits, UnitsBound, LockedUp,
    BeyondCap, KeyConflict.
    """
    receiver = None if to_number is None else _receiver(to_number)
    pool, giver, receiver = _lock(pool, giver, receiver)
    before = Transfer.objects.filter(key=key).first()
    if before is not None:
        return Offered(_same(before, giver, receiver, pool, units, kind), "")
    require_passable(
        pool=pool, giver=giver, receiver=receiver, units=units, numbers=numbers, offered=0
    )
    code = "" if receiver else _new_code()
    transfer = Transfer.objects.create(
        giver=giver,
        receiver=receiver,
        pool=pool,
        kind=kind,
        units=units,
        numbers=list(numbers),
        note=note,
        code_hash=code_hash(code) if code else "",
        expires_at=timezone.now() + _time_to_answer(pool),
        key=key,
    )
    notices.transfer_offered(transfer)
    return Offered(transfer, code)


@transaction.atomic
def try_offer(
    *,
    giver: Member,
    pool: Pool,
    units: int,
    to_number: int | None,
    kind: str,
    numbers: Sequence[int],
    note: str,
) -> Chosen:
    """The titles that an offer would take, with nothing written; raises what it would raise."""
    receiver = None if to_number is None else _receiver(to_number)
    pool, giver, receiver = _lock(pool, giver, receiver)
    return require_passable(
        pool=pool, giver=giver, receiver=receiver, units=units, numbers=numbers, offered=0
    )


def require_passable(
    *,
    pool: Pool,
    giver: Member,
    receiver: Member | None,
    units: int,
    numbers: Sequence[int],
    offered: int,
) -> Chosen:
    """The titles that would go, or why they cannot; pool and members are locked.

    `offered` are units that this very offer binds already.
    """
    if giver.state not in MAY_GIVE:
        raise CannotGive
    if not policy("transfers_open", timezone.now(), pool.code):
        raise TransfersClosed(pool=pool.name)
    if receiver is not None and receiver.pk == giver.pk:
        raise ToOneself
    chosen = choose(pool=pool, holder=giver, units=units, numbers=numbers or None)
    require_unbound(pool, giver, units, but=offered)
    _require_held_long_enough(pool, chosen)
    if receiver is not None:
        require_may_receive(pool, receiver, units, giver)
    return chosen


def require_may_receive(pool: Pool, receiver: Member, units: int, giver: Member) -> None:
    """Refuse a receiver who is no active member, or whom the cap leaves too little room.

    Between members who count as one nothing is acquired.
    """
    if receiver.state != Member.State.ACTIVE:
        raise CannotReceive
    if not are_linked(receiver, giver):
        require_room(pool, receiver, units)


@transaction.atomic(durable=True)
def accept_transfer(
    *, transfer_id: int, receiver: Member, actor: User | None, code: str = ""
) -> Transfer:
    """Take what was offered: units and what was paid in for them move, titles are signed.

    All that was asked when it was offered is asked again under the locks. A second call gives the
    first result. Raises NotOffered, WrongCode and what `offer_units` raises.
    """
    transfer, pool, giver, receiver = _lock_offer(transfer_id, receiver, code)
    if transfer.state == State.ACCEPTED and transfer.receiver_id == receiver.pk:
        return transfer
    _require_offered(transfer)
    chosen = require_passable(
        pool=pool,
        giver=giver,
        receiver=receiver,
        units=transfer.units,
        numbers=transfer.numbers,
        offered=transfer.units,
    )
    txn_id = _book(transfer, pool, chosen, receiver, actor)
    _decide(transfer, State.ACCEPTED, txn_id=txn_id, receiver=receiver)
    notices.transfer_answered(transfer)
    return transfer


@transaction.atomic(durable=True)
def decline_transfer(
    *, transfer_id: int, receiver: Member, actor: User | None, code: str = ""
) -> Transfer:
    """Say no to an offer; a second call changes nothing. Raises NotOffered, WrongCode."""
    transfer, _pool, _giver, receiver = _lock_offer(transfer_id, receiver, code)
    if transfer.state == State.DECLINED and transfer.receiver_id == receiver.pk:
        return transfer
    _require_offered(transfer)
    _decide(transfer, State.DECLINED, receiver=receiver)
    notices.transfer_answered(transfer)
    return transfer


@transaction.atomic(durable=True)
def withdraw_transfer(*, transfer_id: int, giver: Member, actor: User | None) -> Transfer:
    """Take an offer back; a second call changes nothing. Raises NotOffered."""
    found = Transfer.objects.select_related("pool").get(pk=transfer_id, giver=giver)
    lock_pool(found.pool)
    transfer = _lock_row(transfer_id)
    if transfer.state == State.WITHDRAWN:
        return transfer
    if transfer.state != State.OFFERED:
        raise NotOffered
    _decide(transfer, State.WITHDRAWN)
    return transfer


def expire_transfers(*, pool: Pool) -> list[Transfer]:
    """Let go of offers that nobody answered in time; the pool is locked, inside a transaction."""
    late = Transfer.objects.filter(pool=pool, state=State.OFFERED, expires_at__lt=timezone.now())
    found = late.select_related("giver__user", "receiver", "pool").order_by("pk")
    transfers = list(found.select_for_update(of=["self"], no_key=True))
    for transfer in transfers:
        _decide(transfer, State.EXPIRED)
        notices.transfer_answered(transfer)
    return transfers


@transaction.atomic(durable=True)
def claim_offer(*, code: str, receiver: Member, actor: User | None) -> Transfer:
    """Put the offer that a code leads to before whoever typed it; from then on it is theirs alone.

    A second call of the same member gives the same. Raises WrongCode, ToOneself.
    """
    found = Transfer.objects.filter(code_hash=code_hash(code)).first()
    if found is None:
        raise WrongCode
    _lock(found.pool, found.giver, receiver)
    transfer = _lock_row(found.pk)
    if transfer.receiver_id == receiver.pk:
        return transfer
    if transfer.receiver_id is not None or transfer.state != State.OFFERED:
        raise WrongCode
    if transfer.expires_at < timezone.now():
        raise WrongCode
    if transfer.giver_id == receiver.pk:
        raise ToOneself
    transfer.receiver = receiver
    transfer.save(update_fields=["receiver"])
    return transfer


def find_offer(*, code: str) -> Transfer:
    """The open offer that a code leads to; raises WrongCode."""
    transfer = Transfer.objects.filter(code_hash=code_hash(code), state=State.OFFERED).first()
    if transfer is None or transfer.expires_at < timezone.now():
        raise WrongCode
    return transfer


def code_hash(code: str) -> str:
    """What is kept of a code: nobody can read it back. Spaces, dashes and case do not matter."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(f"transfer code\0{plain}".encode()).hexdigest()


def are_linked(one: Member, other: Member) -> bool:
    """Whether two members count as one for every limit."""
    return other.pk in linked_ids(one)


def pass_on_legs(
    pool: Pool, chosen: Chosen, takers: Sequence[tuple[int, int, int]]
) -> Sequence[Leg]:
    """The legs that move units and what was paid in: (member id, units, cents) for each taker."""
    ids = [chosen.holder.pk, *(member_id for member_id, _units, _cents in takers)]
    holding = holding_accounts(pool, ids)
    capital = money_accounts(capital_name(pool, member_id) for member_id in ids)
    legs = [
        Leg(holding[chosen.holder.pk], -chosen.units),
        Leg(capital[capital_name(pool, chosen.holder.pk)], chosen.capital),
    ]
    for member_id, units, cents in takers:
        legs.append(Leg(holding[member_id], units))
        legs.append(Leg(capital[capital_name(pool, member_id)], -cents))
    return merge(legs)


def _book(
    transfer: Transfer, pool: Pool, chosen: Chosen, receiver: Member, actor: User | None
) -> int:
    kind = Transfer.Kind(transfer.kind)
    txn_id = post(
        Posting(
            source=SOURCE,
            key=f"transfer:{transfer.pk}",
            kind=KINDS[kind],
            legs=pass_on_legs(pool, chosen, [(receiver.pk, chosen.units, chosen.capital)]),
            about=f"transfer:{transfer.pk}",
            actor=actor_name(actor),
        )
    )
    replace(
        pool=pool,
        chosen=chosen,
        takers=[Grant(receiver, chosen.units)],
        cause=Cause(ORIGINS[kind], txn_id),
        state=Title.State.TRANSFERRED,
    )
    return txn_id


def _require_held_long_enough(pool: Pool, chosen: Chosen) -> None:
    days: int = policy("lockup_days", timezone.now(), pool.code)
    if not days:
        return
    titles = Title.objects.filter(pk__in=[part.pk for part in chosen.parts])
    youngest = acquired_last(list(titles))
    free_on = timezone.localdate(youngest) + timedelta(days=days)
    if free_on > timezone.localdate():
        raise LockedUp(day=free_on)


def _require_offered(transfer: Transfer) -> None:
    if transfer.state != State.OFFERED or transfer.expires_at < timezone.now():
        raise NotOffered


def _decide(transfer: Transfer, state: str, **changes: object) -> None:
    for name, value in {**changes, "state": state, "decided_at": timezone.now()}.items():
        setattr(transfer, name, value)
    transfer.save(update_fields=["state", "decided_at", *changes])


def _receiver(number: int) -> Member:
    found = Member.objects.filter(number=number).first()
    if found is None:
        raise CannotReceive
    return found


def _lock(pool: Pool, giver: Member, receiver: Member | None) -> tuple[Pool, Member, Member | None]:
    pool = lock_pool(pool)
    ids = [giver.pk, *([receiver.pk] if receiver else [])]
    members = {m.pk: m for m in lock_members(Member.objects.filter(pk__in=ids))}
    return pool, members[giver.pk], members[receiver.pk] if receiver else None


def _lock_offer(
    transfer_id: int, receiver: Member, code: str
) -> tuple[Transfer, Pool, Member, Member]:
    found = Transfer.objects.select_related("pool", "giver").get(pk=transfer_id)
    pool, giver, taker = _lock(found.pool, found.giver, receiver)
    transfer = _lock_row(transfer_id)
    is_named = transfer.receiver_id == receiver.pk
    by_code = transfer.receiver_id is None and code_hash(code) == transfer.code_hash
    if not (is_named or by_code):
        raise WrongCode
    assert taker is not None
    return transfer, pool, giver, taker


def _lock_row(transfer_id: int) -> Transfer:
    return (
        Transfer.objects.select_for_update(no_key=True, of=["self"])
        .select_related("giver__user", "receiver", "pool")
        .get(pk=transfer_id)
    )


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _place in range(CODE_LENGTH))


def _time_to_answer(pool: Pool) -> timedelta:
    days: int = policy("transfer_days", timezone.now(), pool.code)
    return timedelta(days=days)


def _same(
    before: Transfer, giver: Member, receiver: Member | None, pool: Pool, units: int, kind: str
) -> Transfer:
    was = (before.giver_id, before.pool_id, before.units, before.kind)
    to_other = receiver is not None and before.receiver_id != receiver.pk
    if was != (giver.pk, pool.pk, units, kind) or to_other:
        raise KeyConflict
    return before
