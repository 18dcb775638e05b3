"""Every write of orders to the bank: payouts ordered, charges collected, collections returned."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from stdnum.eu import at_02

from bank.models import CollectionItem, CollectionOrder, PaymentOrder, PaymentOrderItem
from bank.orders.errors import (
    CreditorMissing,
    DayTooEarly,
    NotCollectable,
    NothingToOrder,
    OrderedBefore,
    OwnAccountMissing,
    UnknownCollection,
)
from bank.orders.xml import DebitLine, Head, Party, TransferLine, debit_file, transfer_file
from ledger.errors import KeyConflict
from members.models import Cooperative, User
from members.queries import cooperative
from payments.errors import PayoutState
from payments.letters import prenotification_letter
from payments.models import OWED_KINDS, BankAccount, Charge, Mandate, Payout
from payments.services import (
    lock_payouts,
    mark_mandate,
    note_collection,
    order_payout,
    put_down,
)
from policies.queries import policy
from titles.services import take_back_payment

REASON_CODE = re.compile(r"[A-Z]{2}[0-9]{2}")
"""what banks give as the reason of a return (ISO 20022 external code set)"""


@transaction.atomic(durable=True)
def make_payment_order(
    *, payout_ids: Sequence[int], day: date, key: str, actor: User | None
) -> PaymentOrder:
    """A credit transfer file of approved payouts, to be executed on a day; they are then ordered.

    All of them or no file. The same key gives the first file. Raises NothingToOrder,
    OwnAccountMissing, DayTooEarly, OrderedBefore, KeyConflict.
    """
    payouts = lock_payouts(sorted(set(payout_ids)))
    before = PaymentOrder.objects.filter(key=key).first()
    if before is not None:
        return _same_payouts(before, payout_ids)
    if not payouts:
        raise NothingToOrder
    head = _head("P", "bank_paymentorder", day, earliest=timezone.localdate())
    content = transfer_file(head, [_transfer_line(payout) for payout in payouts])
    order = PaymentOrder.objects.create(
        **_file_fields(head, content, key, actor),
        count=len(payouts),
        total=sum(payout.amount for payout in payouts),
    )
    _order_all(order, payouts, actor)
    return order


@transaction.atomic(durable=True)
def make_collection_order(
    *, charge_ids: Sequence[int], day: date, key: str, actor: User | None
) -> CollectionOrder:
    """A direct debit file of owed charges, to be collected on a day, with a notice to each payer.

    All of them or no file. The same key gives the first file. Raises NothingToOrder,
    OwnAccountMissing, CreditorMissing, DayTooEarly, NotCollectable, OrderedBefore, KeyConflict.
    """
    charges = _lock_charges(charge_ids)
    before = CollectionOrder.objects.filter(key=key).first()
    if before is not None:
        return _same_charges(before, charge_ids)
    if not charges:
        raise NothingToOrder
    creditor = creditor_id()
    mandates = _lock_mandates(charges)
    head = _head("C", "bank_collectionorder", day, earliest=earliest_collection())
    lines = _debit_lines(charges, mandates)
    content = debit_file(head, creditor, lines)
    order = CollectionOrder.objects.create(
        **_file_fields(head, content, key, actor),
        creditor=creditor,
        count=len(charges),
        total=sum(charge.amount for charge in charges),
    )
    _collect_all(order, charges, mandates, lines)
    return order


@transaction.atomic
def collection_returned(
    *,
    reference: str,
    amount: int,
    reason_code: str,
    booked_on: date,
    key: str,
    actor: User | None,
) -> CollectionItem:
    """A direct debit that came back: the charge is owed again, and its mandate is marked.

    A payment that was booked is taken back by booked opposites, and the charge raised again under
    a new reference; a charge still open stays open. Reasons like AC04 end the mandate. The same
    key gives the first result. Raises UnknownCollection, KeyConflict, and what taking back refuses.
    """
    known = CollectionItem.objects.filter(charge__reference=reference)
    before = known.filter(return_key=key).select_related("charge").first()
    if before is not None:
        return _same_return(before, amount, reason_code)
    item = known.filter(returned_on=None).select_related("charge__payment", "mandate").first()
    if item is None or item.charge.amount != amount:
        raise UnknownCollection(reference=reference)
    _take_back(item.charge, reason_code, booked_on, key, actor)
    _mark_returned(item, reason_code, booked_on, key)
    _mark_mandate(item, reason_code, actor)
    return item


def note_returns(
    *, charge_ids: Iterable[int], reason: str, booked_on: date, key: str, actor: User | None
) -> None:
    """Mark the debits of charges whose payments a statement's line has just taken back.

    `reason` begins with the bank's code where it gives one. Call inside a transaction.
    """
    given = REASON_CODE.match(reason)
    items = CollectionItem.objects.filter(charge_id__in=set(charge_ids), returned_on=None)
    for item in items.select_related("charge").order_by("pk"):
        code = given.group() if given else "NARR"
        _mark_returned(item, code, booked_on, f"{key}:{item.pk}")
        _mark_mandate(item, code, actor)


def creditor_id() -> str:
    """The creditor identifier of the settings; raises CreditorMissing where it is none."""
    given: str = settings.COOP_CREDITOR_ID
    if not at_02.is_valid(given):
        raise CreditorMissing
    return str(at_02.compact(given))


def earliest_collection() -> date:
    """The first day that leaves the payers the notice that the policy promises."""
    days: int = policy("collection_days", timezone.now())
    return timezone.localdate() + timedelta(days=max(days, 1))


def _head(letter: str, table: str, day: date, *, earliest: date) -> Head:
    if day < earliest:
        raise DayTooEarly(day=earliest)
    made_at = timezone.now().astimezone(UTC).replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        number = cursor.fetchone()[0]
    message_id = f"{letter}{made_at:%Y%m%d}-{number:06}"
    return Head(message_id, made_at, day, _us(cooperative()), settings.COOP_CURRENCY)


def _us(coop: Cooperative) -> Party:
    if not coop.iban:
        raise OwnAccountMissing
    return Party(coop.legal_name, coop.iban.replace(" ", ""), coop.bic)


def _file_fields(head: Head, content: bytes, key: str, actor: User | None) -> dict[str, object]:
    return {
        "message_id": head.message_id,
        "day": head.day,
        "key": key,
        "made_at": head.made_at,
        "made_by": actor,
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _transfer_line(payout: Payout) -> TransferLine:
    account: BankAccount | None = payout.account
    if payout.state != Payout.State.APPROVED or account is None:
        raise OrderedBefore(reference=payout.reference)
    to = Party(account.holder, account.iban, account.bic)
    return TransferLine(payout.reference, payout.amount, to, f"{payout.reference} {payout.about}")


def _order_all(order: PaymentOrder, payouts: Sequence[Payout], actor: User | None) -> None:
    try:
        for payout in payouts:
            order_payout(payout=payout, actor=actor)
    except PayoutState as error:
        raise OrderedBefore(reference=error.values["reference"]) from error
    PaymentOrderItem.objects.bulk_create(
        PaymentOrderItem(order=order, payout=payout, round=payout.round) for payout in payouts
    )


def _same_payouts(order: PaymentOrder, payout_ids: Sequence[int]) -> PaymentOrder:
    if set(order.items.values_list("payout_id", flat=True)) != set(payout_ids):
        raise KeyConflict
    return order


def _same_charges(order: CollectionOrder, charge_ids: Sequence[int]) -> CollectionOrder:
    if set(order.items.values_list("charge_id", flat=True)) != set(charge_ids):
        raise KeyConflict
    return order


def _lock_charges(charge_ids: Sequence[int]) -> list[Charge]:
    rows = Charge.objects.filter(pk__in=set(charge_ids)).select_related("member__user")
    return list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def _lock_mandates(charges: Sequence[Charge]) -> dict[int, Mandate]:
    """The mandates that hold, by member; raises NotCollectable for a charge that has none."""
    rows = Mandate.objects.filter(member__in={c.member_id for c in charges}, ended_at=None)
    locked = rows.select_for_update(no_key=True).order_by("pk").prefetch_related("amendments")
    mandates = {mandate.member_id: mandate for mandate in locked}
    for charge in charges:
        owed = charge.state == Charge.State.OPEN and charge.kind in OWED_KINDS
        if not owed or charge.member_id not in mandates:
            raise NotCollectable(reference=charge.reference)
    return mandates


def _debit_lines(charges: Sequence[Charge], mandates: dict[int, Mandate]) -> list[DebitLine]:
    """The lines in order of the charges; only a mandate's very first collection is FRST."""
    used: set[int] = {m.pk for m in mandates.values() if m.collected_on is not None}
    lines = []
    for charge in charges:
        mandate = mandates[charge.member_id]
        lines.append(_debit_line(charge, mandate, first=mandate.pk not in used))
        used.add(mandate.pk)
    return lines


def _debit_line(charge: Charge, mandate: Mandate, *, first: bool) -> DebitLine:
    sequence = CollectionItem.Sequence.FIRST if first else CollectionItem.Sequence.RECURRENT
    return DebitLine(
        reference=charge.reference,
        amount=charge.amount,
        payer=Party(mandate.holder, mandate.iban, mandate.bic),
        words=f"{charge.reference} {charge.about}",
        mandate=mandate.reference,
        signed_on=mandate.signed_on,
        sequence=str(sequence.value),
        old_iban=_old_iban(mandate),
    )


def _old_iban(mandate: Mandate) -> str:
    """The account that the bank still knows, "" where nothing changed since the last file."""
    untold = [a.old_iban for a in mandate.amendments.all() if not a.told_in]
    return untold[0] if untold and untold[0] != mandate.iban else ""


def _collect_all(
    order: CollectionOrder,
    charges: Sequence[Charge],
    mandates: dict[int, Mandate],
    lines: Sequence[DebitLine],
) -> None:
    pairs = list(zip(charges, lines, strict=True))
    items = [
        CollectionItem(
            order=order, charge=charge, mandate=mandates[charge.member_id], sequence=line.sequence
        )
        for charge, line in pairs
    ]
    try:
        with transaction.atomic():
            CollectionItem.objects.bulk_create(items)
    except IntegrityError as error:
        raise OrderedBefore(reference=order.message_id) from error
    for mandate in mandates.values():
        note_collection(mandate, day=order.day, told_in=order.message_id)
    _notify(order, items)


def _notify(order: CollectionOrder, items: Sequence[CollectionItem]) -> None:
    coop = cooperative()
    put_down(
        [
            prenotification_letter(
                f"collection:{order.message_id}:{item.charge_id}", item.charge, coop,
                day=order.day, mandate=item.mandate, creditor=order.creditor,
            )
            for item in items
        ]
    )  # fmt: skip


def _take_back(
    charge: Charge, reason_code: str, booked_on: date, key: str, actor: User | None
) -> None:
    if charge.state == Charge.State.PAID:
        take_back_payment(
            payment_id=charge.payment.pk, reason=f"direct debit returned: {reason_code}",
            returned_on=booked_on, actor=actor, key=key,
        )  # fmt: skip


def _same_return(item: CollectionItem, amount: int, reason_code: str) -> CollectionItem:
    if (item.charge.amount, item.reason_code) != (amount, reason_code):
        raise KeyConflict
    return item


def _mark_returned(item: CollectionItem, reason_code: str, booked_on: date, key: str) -> None:
    """Mark it as returned unless somebody else just did, for another reason."""
    item.returned_on, item.reason_code, item.return_key = booked_on, reason_code[:4], key
    marked = CollectionItem.objects.filter(pk=item.pk).filter(
        Q(returned_on=None) | Q(return_key=key)
    )
    if not marked.update(returned_on=booked_on, reason_code=reason_code[:4], return_key=key):
        raise UnknownCollection(reference=item.charge.reference)


def _mark_mandate(item: CollectionItem, reason_code: str, actor: User | None) -> None:
    first = item.sequence == CollectionItem.Sequence.FIRST and not _others_hold(item)
    mark_mandate(mandate_id=item.mandate_id, reason_code=reason_code, first=first, actor=actor)


def _others_hold(item: CollectionItem) -> bool:
    others = CollectionItem.objects.filter(mandate_id=item.mandate_id, returned_on=None)
    return others.exclude(pk=item.pk).exists()
