"""Named reads of orders to the bank."""

from django.db.models import Exists, OuterRef, QuerySet

from bank.models import CollectionItem, CollectionOrder, PaymentOrder
from payments.models import OWED_KINDS, Charge, Mandate


def payment_orders() -> QuerySet[PaymentOrder]:
    """Credit transfer files without their bytes, the newest first."""
    return PaymentOrder.objects.defer("content").select_related("made_by").order_by("-pk")


def collection_orders() -> QuerySet[CollectionOrder]:
    """Direct debit files without their bytes, the newest first."""
    return CollectionOrder.objects.defer("content").select_related("made_by").order_by("-pk")


def collectable() -> QuerySet[Charge]:
    """Charges that are owed, under a mandate that holds, in no file yet; by their due day."""
    mandate = Mandate.objects.filter(member_id=OuterRef("member_id"), ended_at=None)
    in_file = CollectionItem.objects.filter(charge_id=OuterRef("pk"), returned_on=None)
    return (
        Charge.objects.filter(state=Charge.State.OPEN, kind__in=OWED_KINDS)
        .filter(Exists(mandate), ~Exists(in_file))
        .select_related("member")
        .order_by("due", "pk")
    )
