"""Named reads of vouchers: what nodes presented, what twice, what counted for nothing."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from metering.evidence import as_signed
from metering.models import Envelope, Node, VoucherPresentation, VoucherReview
from metering.queries import key_of
from signing import keys
from tokens.models import Voucher
from tokens.services.vouchers import as_document


def presentations_of(voucher: Voucher) -> QuerySet[VoucherPresentation]:
    """What nodes gave for a voucher, oldest first, with the batches that say so."""
    rows = VoucherPresentation.objects.filter(voucher=voucher)
    return rows.select_related("envelope__node").order_by("pk")


def doubled() -> QuerySet[Voucher]:
    """Vouchers presented twice, newest first; `is_new` where no steward has seen all of it."""
    double = VoucherPresentation.objects.filter(voucher=OuterRef("pk"), beyond__gt=0)
    newest = double.order_by("-pk").values("pk")[:1]
    seen = VoucherReview.objects.filter(voucher=OuterRef("pk")).order_by("-upto").values("upto")
    rows = Voucher.objects.filter(Exists(double)).annotate(
        newest=Subquery(newest), seen=Coalesce(Subquery(seen[:1]), 0)
    )
    related = ("asset", "book__member", "book__yields__pool", "book__yields__resource")
    return rows.select_related(*related, "book__yields__period").order_by("-newest")


def waiting_doubles() -> list[Voucher]:
    """Those that a steward has not looked at since they were presented last."""
    return [row for row in doubled() if is_new(row)]


def is_new(row: Voucher) -> bool:
    """Whether one of `doubled` was presented after it was looked at."""
    return int(getattr(row, "newest", 0)) > int(getattr(row, "seen", 0))


def refused() -> QuerySet[VoucherPresentation]:
    """Records that counted for nothing, newest first."""
    rows = VoucherPresentation.objects.filter(state=VoucherPresentation.State.REFUSED)
    return rows.select_related("envelope__node", "voucher").order_by("-pk")


@dataclass(frozen=True)
class Place:
    """Where a voucher is honoured, in words."""

    kind: str
    name: str


def place_of(voucher: Voucher) -> Place:
    """The node by its label, or the asset by its name and inventory code."""
    if voucher.asset is not None:
        return Place("asset", f"{voucher.asset.name} ({voucher.asset.code})")
    node = Node.objects.filter(uuid=str(voucher.node)).first()
    return Place("node", str(voucher.node) if node is None else node.label)


def bundle_of(voucher: Voucher) -> dict[str, Any]:
    """The voucher and every batch that presents it, as they were signed: proof for others."""
    envelopes = Envelope.objects.filter(presentations__voucher=voucher).distinct().order_by("pk")
    return {
        "voucher": as_document(voucher).as_dict(),
        "ticket": voucher.ticket,
        "batches": [
            {"node_key": bytes(key_of(row).public_key).hex(), "envelope": as_signed(row).as_dict()}
            for row in envelopes
        ],
        "cooperative_key": keys.public_key().hex(),
    }
