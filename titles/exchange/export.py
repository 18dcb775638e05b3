"""The register of this site as the same files that can be moved in: exact, in one order."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import OuterRef, Subquery, Sum

from assets.models import Asset, Pool
from ledger.arithmetic import largest_remainder
from ledger.models import Balance, Transaction
from members.models import Contact, Member, MemberEvent, NumberVoid, Particulars
from titles.exchange.files import Files, write
from titles.exchange.people import implied
from titles.exchange.shapes import (
    AssetRow,
    EventRow,
    MemberRow,
    PoolRow,
    RedemptionRow,
    Register,
    TitleRow,
    TransferRow,
    VoidRow,
)
from titles.models import Redemption, Title, TitleLink

CHUNK = 2000
AS_THEY_ARE = (
    "number", "kind", "name", "address", "state", "applied_at", "admitted_at", "born_on",
)  # fmt: skip
OTHERWISE = {
    "email": "email", "phone": "phone", "bylaws_version": "bylaws",
    "consents_to_conversion": "conversion",
}  # fmt: skip
"""columns of a member that the file calls otherwise, or that may be missing"""


def export_register() -> Files:
    """Every file of the register, by name; a fixed number of queries, however large it is."""
    return write(read_register())


def read_register() -> Register:
    """The register as it stands."""
    members = list(_members())
    return Register(
        pools=list(_pools()),
        members=members,
        events=list(_events(members)),
        assets=list(_assets()),
        titles=list(_titles()),
        transfers=list(_transfers()),
        redemptions=list(_redemptions()),
        voids=list(_voids()),
    )


def _pools() -> Iterator[PoolRow]:
    units = Balance.objects.filter(
        account__kind__in=("created", "treasury"), account__commodity__kind="unit"
    ).values_list("account__commodity__code", "account__kind", "amount")
    held = {(code, kind): amount for code, kind, amount in units}
    for pool in Pool.objects.order_by("code"):
        code = f"unit:{pool.code}"
        yield PoolRow(
            code=pool.code,
            name=pool.name,
            about=pool.about,
            units=-held.get((code, "created"), 0),
            treasury=held.get((code, "treasury"), 0),
        )


def _members() -> Iterator[MemberRow]:
    contact = Contact.objects.filter(member=OuterRef("pk"), forgotten_at=None).order_by("-pk")
    said = Particulars.objects.filter(member=OuterRef("pk")).order_by("-pk")
    found = Member.objects.exclude(number=None).annotate(
        email=Subquery(contact.values("email")[:1]),
        phone=Subquery(contact.values("phone")[:1]),
        born_on=Subquery(said.values("born_on")[:1]),
    )
    for row in found.order_by("number").values(*AS_THEY_ARE, *OTHERWISE).iterator(CHUNK):
        facts: dict[str, Any] = {name: row[name] for name in AS_THEY_ARE}
        facts |= {name: row[column] or "" for column, name in OTHERWISE.items()}
        yield MemberRow(**facts | {"conversion": row["consents_to_conversion"]})


def _events(members: list[MemberRow]) -> Iterator[EventRow]:
    by_number: dict[int, list[EventRow]] = {}
    found = MemberEvent.objects.exclude(member__number=None).order_by("member__number", "pk")
    columns = ("member__number", "effective_on", "to_state", "reason", "text")
    for row in found.values_list(*columns).iterator(CHUNK):
        by_number.setdefault(row[0], []).append(EventRow(0, *row))
    for member in members:
        events = by_number.get(member.number, [])
        if events != [implied(member)]:
            yield from events


def _assets() -> Iterator[AssetRow]:
    found = Asset.objects.order_by("code").values_list(
        "code", "pool__code", "name", "kind", "manufacturer", "model_name", "serial", "place",
        "location", "supplier", "bill", "purchased_on", "warranty_until", "cost", "salvage",
        "useful_months", "units_created", "paid_from", "txn_id", "in_service", "state", "ended_on",
    )  # fmt: skip
    rows = list(found)
    counts = Transaction.objects.filter(pk__in=[row[18] for row in rows if row[18]])
    moments = dict(counts.values_list("pk", "effective_at"))
    for row in rows:
        at = moments.get(row[18] or 0)
        # To the second, as titles are: what was placed first stays the first.
        placed = at.replace(microsecond=0) if at else None
        yield AssetRow(0, *row[:18], placed, *row[19:])


def _titles() -> Iterator[TitleRow]:
    columns = ("number", "member__number", "pool__code", "units", "capital", "origin", "issued_at")
    for row in Title.objects.order_by("number").values_list(*columns).iterator(CHUNK):
        yield TitleRow(0, *row)


def _transfers() -> Iterator[TransferRow]:
    columns = ("earlier__ended_at", "earlier__number", "later__number", "units")
    found = TitleLink.objects.order_by("later__number", "earlier__number")
    for row in found.values_list(*columns).iterator(CHUNK):
        yield TransferRow(0, *row)


def _redemptions() -> Iterator[RedemptionRow]:
    went_on = TitleLink.objects.filter(earlier=OuterRef("pk")).order_by().values("earlier")
    found = Title.objects.filter(state=Title.State.CANCELLED).annotate(
        left=Subquery(went_on.annotate(n=Sum("units")).values("n"))
    )
    columns = ("number", "units", "left", "ended_at", "end_txn_id", "earlier_redemption__paid")
    rows = [r for r in found.order_by("number").values_list(*columns) if r[1] > (r[2] or 0)]
    paid = _paid(rows)
    for number, units, left, at, _txn, before in rows:
        price = paid.get(number, 0) if before is None else before
        yield RedemptionRow(0, at=at, title=number, units=units - (left or 0), paid=price)


def _paid(rows: list[tuple[Any, ...]]) -> Mapping[int, int]:
    """What was paid for titles redeemed here, by number: by units where one took in several."""
    here = [row for row in rows if row[5] is None]
    found = Redemption.objects.filter(txn_id__in={row[4] for row in here})
    paid = {one.txn_id: one.payable for one in found}
    together: dict[int, list[tuple[Any, ...]]] = {}
    for row in here:
        if row[4] in paid:
            together.setdefault(row[4], []).append(row)
    parts: dict[int, int] = {}
    for txn_id, titles in together.items():
        shares = largest_remainder(paid[txn_id], [t[1] - (t[2] or 0) for t in titles])
        parts.update(zip([title[0] for title in titles], shares, strict=True))
    return parts


def _voids() -> Iterator[VoidRow]:
    found = NumberVoid.objects.filter(kind__in=("member", "title")).order_by("kind", "number")
    for row in found.values_list("kind", "number", "reason").iterator(CHUNK):
        yield VoidRow(0, *row)
