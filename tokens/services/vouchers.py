"""Taking own tokens out as vouchers, giving them back, and counting what nodes honoured."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from assets.models import Asset, Pool, Resource
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, open_account, post
from members.models import Member
from members.services import need_free_hands
from signing import dsse
from tokens.accounts import token_code
from tokens.calendar import counted_in
from tokens.errors import BadSlot, NoOpenPeriod, VoucherOver, VoucherUsed
from tokens.models import Book, Period, Voucher, Yield
from tokens.services.books import books_for, rerate
from tokens.services.gifts import open_yield
from tokens.services.given import need_own
from tokens.services.usage import open_period_shared
from tokens.voucher_file import VOUCHER, payload_of, signed


@dataclass(frozen=True)
class Terms:
    """What a voucher is for: millitokens, the same in a meter's unit, where and when it is good.

    Bound to a node by its id, or to an asset; `not_after` is the first moment after the slot.
    """

    amount: int
    raw: int
    unit: str
    not_before: datetime
    not_after: datetime
    node: uuid.UUID | None = None
    asset: Asset | None = None


@transaction.atomic
def take_out(
    *,
    member: Member,
    pool: Pool,
    resource: Resource,
    terms: Terms,
    actor: AbstractBaseUser | None,
    key: str,
) -> Voucher:
    """Put own unused tokens into a voucher that nodes can check without the site.

    The same key gives the first voucher again. Raises NotEnoughTokens, BadSlot, NoOpenPeriod,
    UnknownYield, KeyConflict.
    """
    row = open_yield(pool, resource)
    book = books_for(row, [member.pk])[member.pk]
    earlier = Voucher.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, book, terms)
    need_free_hands(member)
    _need_slot(terms, row.period)
    need_own(book, terms.amount)
    return _make(book, row, terms, actor, key)


def _same(voucher: Voucher, book: Book, terms: Terms) -> Voucher:
    slot = (voucher.not_before, voucher.not_after)
    said = (voucher.book_id, voucher.amount, voucher.node, voucher.asset_id, *slot)
    asset_id = None if terms.asset is None else terms.asset.pk
    slot = (terms.not_before, terms.not_after)
    if said != (book.pk, terms.amount, terms.node, asset_id, *slot):
        raise KeyConflict
    return voucher


def _need_slot(terms: Terms, period: Period) -> None:
    """Whole seconds, not over, within the period; raises BadSlot."""
    whole = not (terms.not_before.microsecond or terms.not_after.microsecond)
    inside = first_second(period) <= terms.not_before < terms.not_after <= last_second(period)
    if not (whole and inside and timezone.now() < terms.not_after):
        raise BadSlot(end=timezone.localtime(period.end).strftime("%Y-%m-%d %H:%M"))


def first_second(period: Period) -> datetime:
    """The first whole second of a period."""
    begins = period.start.replace(microsecond=0)
    return begins if begins == period.start else begins + timedelta(seconds=1)


def last_second(period: Period) -> datetime:
    """The last whole second at which a slot within a period can end."""
    return period.end.replace(microsecond=0)


def _make(
    book: Book, row: Yield, terms: Terms, actor: AbstractBaseUser | None, key: str
) -> Voucher:
    number, issued_at = uuid.uuid4(), timezone.now().replace(microsecond=0)
    document = signed(
        payload_of(
            uuid=number,
            pool=row.pool.code,
            resource=row.resource.code,
            period=(row.period.code, row.period.start, row.period.end),
            amount=terms.amount,
            raw=terms.raw,
            unit=terms.unit,
            node=terms.node,
            asset=None if terms.asset is None else terms.asset.code,
            not_before=terms.not_before,
            not_after=terms.not_after,
            issued_at=issued_at,
        )
    )
    return Voucher.objects.create(
        uuid=number,
        book=book,
        ticket=document.digest,
        payload=document.payload,
        signature=document.signatures[0].sig,
        keyid=document.signatures[0].keyid,
        issued_at=issued_at,
        txn_id=_move(book, row, terms.amount, number, actor),
        key=key,
        **vars(terms),
    )


def _move(
    book: Book, row: Yield, amount: int, number: uuid.UUID, actor: AbstractBaseUser | None
) -> int:
    legs = [Leg(book.own_account, -amount), Leg(_account(row), amount)]
    return post(_posting("tokens.voucher", "tokens taken out", number, row, actor, legs))


def _account(row: Yield) -> int:
    """The common account of a yield's vouchers, opened with the first of them."""
    if row.vouchers_account is None:
        code = token_code(row.pool, row.resource, row.period.code)
        row.vouchers_account = open_account(commodity=code, kind="vouchers", floor=0)
        row.save(update_fields=["vouchers_account"])
    return row.vouchers_account


def _posting(
    source: str,
    kind: str,
    number: uuid.UUID,
    row: Yield,
    actor: AbstractBaseUser | None,
    legs: Sequence[Leg],
) -> Posting:
    return Posting(
        source=source,
        key=str(number),
        kind=kind,
        about=f"yield:{row.pk}",
        actor=actor_name(actor),
        effective_at=counted_in(row.period),
        legs=legs,
    )


@transaction.atomic
def give_back_voucher(*, voucher_id: int, actor: AbstractBaseUser | None) -> Voucher:
    """Return an unused voucher's tokens to their book; a second call changes nothing.

    Raises VoucherUsed, VoucherOver, NoOpenPeriod.
    """
    period = open_period_shared()
    voucher = Voucher.objects.select_for_update().get(pk=voucher_id)
    if voucher.state == Voucher.State.BACK:
        return voucher
    row = voucher.book.yields
    if period is None or row.period_id != period.pk:
        raise NoOpenPeriod
    if voucher.presented:
        raise VoucherUsed
    if timezone.now() >= voucher.not_after:
        raise VoucherOver
    books_for(row, [voucher.book.member_id])
    legs = [Leg(_account(row), -voucher.amount), Leg(voucher.book.own_account, voucher.amount)]
    post(_posting("tokens.voucher.back", "tokens put back", voucher.uuid, row, actor, legs))
    voucher.state, voucher.back_at = Voucher.State.BACK, timezone.now()
    voucher.save(update_fields=["state", "back_at"])
    rerate(row, [voucher.book_id], actor)
    return voucher


def lock_vouchers(tickets: Sequence[str]) -> dict[str, Voucher]:
    """The vouchers behind tickets, locked in order; those that are none of ours are left out.

    Call inside a transaction that has the period locked, before any book is.
    """
    rows = Voucher.objects.select_for_update(of=("self",)).filter(ticket__in=tickets)
    related = rows.select_related("book__yields__period", "asset")
    return {voucher.ticket: voucher for voucher in related.order_by("pk")}


def count_presented(amounts: Mapping[int, int]) -> None:
    """Add millitokens that nodes honoured to locked vouchers, by their id, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tokens_voucher v SET presented = presented + p.amount"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS p(id, amount) WHERE v.id = p.id",
            [list(amounts), list(amounts.values())],
        )


def as_document(voucher: Voucher) -> dsse.Envelope:
    """The signed file, just as it was made."""
    signature = dsse.Signature(voucher.keyid, bytes(voucher.signature))
    return dsse.Envelope(VOUCHER, bytes(voucher.payload), (signature,))
