"""Pages of the files that go to the bank."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bank.models import CollectionItem, CollectionOrder, PaymentOrder, PaymentOrderItem
from bank.orders import queries, services
from bank.orders.forms import CameBackForm, CollectionForm, PaymentForm
from ledger.errors import DomainError
from members.access import the_user
from payments.pages.acting import (
    desk_reader_required,
    done,
    is_treasurer,
    onward,
    treasurer_required,
)
from payments.queries import payouts_approved

SHOWN = 50
GROUP = 8


@require_GET
@desk_reader_required
def orders(request: HttpRequest) -> HttpResponse:
    """What can go into a file now, and the files that were made."""
    context = {
        "approved": payouts_approved().count(),
        "collectable": queries.collectable().count(),
        "payments": queries.payment_orders()[:SHOWN],
        "collections": queries.collection_orders()[:SHOWN],
        "treasurer": is_treasurer(request),
    }
    return render(request, "bank/orders/orders.html", context)


@require_http_methods(["GET", "POST"])
@treasurer_required
def new_payments(request: HttpRequest) -> HttpResponse:
    """Choose approved payouts and make their file."""
    form = PaymentForm(request.POST or None, initial={"key": uuid4(), "day": timezone.localdate()})
    if request.method == "POST" and done(form, lambda: form.make(the_user(request))):
        url = reverse("bank:payment_order", args=[form.made])
        return onward(request, url, _("The file is made."))
    context, status = {"form": form, "rows": payouts_approved()}, 422 if form.errors else 200
    return render(request, "bank/orders/new_payments.html", context, status=status)


@require_http_methods(["GET", "POST"])
@treasurer_required
def new_collections(request: HttpRequest) -> HttpResponse:
    """Choose charges under a mandate and make their file."""
    first = {"key": uuid4(), "day": services.earliest_collection()}
    form = CollectionForm(request.POST or None, initial=first)
    if request.method == "POST" and done(form, lambda: form.make(the_user(request))):
        url = reverse("bank:collection_order", args=[form.made])
        return onward(request, url, _("The file is made, and every payer is told."))
    context = {"form": form, "rows": queries.collectable(), "creditor": _creditor()}
    status = 422 if form.errors else 200
    return render(request, "bank/orders/new_collections.html", context, status=status)


@require_GET
@desk_reader_required
def payment_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """One file of payouts: what stands in it, who approved each, its digest."""
    order = get_object_or_404(PaymentOrder.objects.defer("content"), pk=order_id)
    items = order.items.select_related("payout__member", "payout__account").prefetch_related(
        "payout__approvals__user__member"
    )
    rows = [{"payout": item.payout, "approvers": approvers(item)} for item in items.order_by("pk")]
    context = {"order": order, "items": rows, "digest": spaced(order.sha256)}
    return render(request, "bank/orders/payment_order.html", context)


def approvers(item: PaymentOrderItem) -> list[str]:
    """The names of those who approved what stands in a file."""
    given = [row.user for row in item.payout.approvals.all() if row.round == item.round]
    return [user.member.name if hasattr(user, "member") else str(user) for user in given]


@require_GET
@desk_reader_required
def collection_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """One file of direct debits: what stands in it, what came back, its digest."""
    order = get_object_or_404(CollectionOrder.objects.defer("content"), pk=order_id)
    items = order.items.select_related("charge__member", "mandate").order_by("pk")
    context = {
        "order": order, "items": items, "digest": spaced(order.sha256),
        "treasurer": is_treasurer(request),
    }  # fmt: skip
    return render(request, "bank/orders/collection_order.html", context)


@require_http_methods(["GET", "POST"])
@treasurer_required
def came_back(request: HttpRequest, item_id: int) -> HttpResponse:
    """Say that a debit came back, where no bank statement says so."""
    rows = CollectionItem.objects.select_related("charge__member", "mandate", "order")
    item = get_object_or_404(rows.defer("order__content"), pk=item_id, returned_on=None)
    form = CameBackForm(request.POST or None)
    if request.method == "POST" and done(form, lambda: form.note(item, the_user(request))):
        url = reverse("bank:collection_order", args=[item.order_id])
        return onward(request, url, _("What it was for is owed again."))
    context = {"form": form, "item": item, "charge": item.charge}
    status = 422 if form.errors else 200
    return render(request, "bank/orders/came_back.html", context, status=status)


@require_GET
@treasurer_required
def payment_file(request: HttpRequest, order_id: int) -> HttpResponse:
    """The file of payouts, always the same bytes."""
    return _file(get_object_or_404(PaymentOrder, pk=order_id))


@require_GET
@treasurer_required
def collection_file(request: HttpRequest, order_id: int) -> HttpResponse:
    """The file of direct debits, always the same bytes."""
    return _file(get_object_or_404(CollectionOrder, pk=order_id))


def spaced(digest: str) -> str:
    """A digest in groups, to be compared by eye."""
    return " ".join(digest[i : i + GROUP] for i in range(0, len(digest), GROUP))


def _file(order: PaymentOrder | CollectionOrder) -> HttpResponse:
    response = HttpResponse(bytes(order.content), content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{order.file_name}"'
    response["Cache-Control"] = "no-store"
    return response


def _creditor() -> str:
    try:
        return services.creditor_id()
    except DomainError:
        return ""
