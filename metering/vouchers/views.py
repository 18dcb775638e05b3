"""A member's vouchers: taking out, the file, giving back. A steward's: what was presented twice."""

import uuid
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import member_required, steward_required, the_member, the_user
from members.models import Member
from metering import services
from metering.access import node_for_steward
from metering.fleet.views import show_node
from metering.stewards import see
from metering.vouchers import presented
from metering.vouchers.forms import AssetForm, LookedForm, VoucherForm, first_values
from tokens.models import Voucher
from tokens.queries import current_period
from tokens.services import give_back_voucher
from tokens.services.vouchers import as_document

RECENT = 50


def voucher_of(member: Member, number: UUID) -> Voucher:
    """A voucher that this member took out; others do not exist for them."""
    related = ("asset", "book__member", "book__yields__pool", "book__yields__resource")
    rows = Voucher.objects.select_related(*related, "book__yields__period")
    found = rows.filter(uuid=number, book__member=member).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@member_required
def new(request: HttpRequest) -> HttpResponse:
    """Take tokens out as a voucher."""
    period = current_period()
    if period is None:
        return HttpResponseRedirect(reverse("tokens:mine"))
    first = {"key": uuid.uuid4().hex, **first_values(period)}
    form = VoucherForm(period, request.POST or None, initial=first)
    made = take(request, form) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        messages.success(request, _("The tokens lie in this voucher now."))
        return see("vouchers:voucher", number=made.uuid)
    context = {"form": form, "period": period}
    return render(request, "metering/voucher_new.html", context, status=422 if form.errors else 200)


def take(request: HttpRequest, form: VoucherForm) -> Voucher | None:
    """The voucher, or None with the reason on the form."""
    row, member = form.cleaned_data["yields"], the_member(request)
    try:
        return services.take_voucher(
            member=member,
            pool=row.pool,
            resource=row.resource,
            amount=form.cleaned_data["amount"],
            slot=form.slot(),
            actor=member.user,
            key=f"{member.pk}:{form.cleaned_data['key']}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None


@require_GET
@member_required
def voucher(request: HttpRequest, number: UUID) -> HttpResponse:
    """One voucher: what it is for, its code and text, and what nodes gave for it."""
    row = voucher_of(the_member(request), number)
    text = as_document(row).as_json().decode()
    context: dict[str, Any] = {
        "voucher": row,
        "place": presented.place_of(row),
        "text": text,
        "code": qr_of(text) if row.state == Voucher.State.OUT else "",
        "given": presented.presentations_of(row),
        "may_give_back": may_give_back(row),
    }
    return render(request, "metering/voucher.html", context)


def may_give_back(row: Voucher) -> bool:
    """Whether the page offers to give it back; the service decides."""
    open_now = row.book.yields.period.state == "open" and timezone.now() < row.not_after
    return open_now and row.state == Voucher.State.OUT and row.presented == 0


def qr_of(text: str) -> SafeString:
    """The whole voucher as a code, as SVG."""
    svg = segno.make(text, error="l", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    # Made by the QR library out of modules alone: the text is not in it as text.
    return mark_safe(svg)


@require_GET
@member_required
def file(request: HttpRequest, number: UUID) -> HttpResponse:
    """The voucher's signed file, byte for byte."""
    row = voucher_of(the_member(request), number)
    response = HttpResponse(as_document(row).as_json(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="voucher-{str(row.uuid)[:8]}.json"'
    return response


@require_POST
@member_required
def back(request: HttpRequest, number: UUID) -> HttpResponse:
    """Give an unused voucher back; its tokens return."""
    member = the_member(request)
    row = voucher_of(member, number)
    try:
        give_back_voucher(voucher_id=row.pk, actor=member.user)
        messages.success(request, _("The voucher is given back; its tokens are yours to use."))
    except DomainError as error:
        messages.error(request, str(error))
    return see("vouchers:voucher", number=row.uuid)


@require_GET
@steward_required
def desk(request: HttpRequest) -> HttpResponse:
    """Vouchers that were presented twice, and records that counted for nothing."""
    return show_desk(request, LookedForm())


def show_desk(request: HttpRequest, form: LookedForm, refused: int = 0) -> HttpResponse:
    """The page; a note that was refused stands at its voucher."""
    rows = [
        {
            "voucher": row,
            "is_new": presented.is_new(row),
            "place": presented.place_of(row),
            "given": presented.presentations_of(row),
            "reviews": row.reviews.select_related("actor"),
            "form": form if row.pk == refused else LookedForm(auto_id=f"{row.pk}_%s"),
        }
        for row in presented.doubled()[:RECENT]
    ]
    context = {"rows": rows, "refused": presented.refused()[:RECENT]}
    return render(request, "metering/vouchers.html", context, status=422 if form.errors else 200)


def doubled_or_404(number: UUID) -> Voucher:
    """A voucher that was presented twice. The view lets only stewards in."""
    found = presented.doubled().filter(uuid=str(number)).first()
    if found is None:
        raise Http404
    return found


@require_POST
@steward_required
def looked(request: HttpRequest, number: UUID) -> HttpResponse:
    """Write down what became of it; the voucher leaves the queue."""
    row, form = doubled_or_404(number), LookedForm(request.POST)
    if not form.is_valid():
        return show_desk(request, form, refused=row.pk)
    note = form.cleaned_data["note"]
    services.review_voucher(voucher_id=row.pk, note=note, actor=the_user(request))
    messages.success(request, _("Written down."))
    return see("vouchers:desk")


@require_POST
@steward_required
def stands_for(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say which asset a node stands for, and with it which vouchers it honours."""
    node = node_for_steward(uuid)
    form = AssetForm(node, request.POST)
    if form.is_valid():
        asset = form.cleaned_data["asset"]
        services.set_node_asset(actor=the_user(request), node=node, asset=asset)
        messages.success(request, _("Written down. The node learns it with its next delivery."))
        return see("metering:node", uuid=uuid)
    return show_node(request, node, asset_form=form)


@require_GET
@steward_required
def proof(request: HttpRequest, number: UUID) -> HttpResponse:
    """The voucher and every signed batch that presents it, in one file."""
    row = doubled_or_404(number)
    name = f'attachment; filename="presented-twice-{str(row.uuid)[:8]}.json"'
    headers = {"Content-Disposition": name}
    bundle = presented.bundle_of(row)
    return JsonResponse(bundle, json_dumps_params={"indent": 1}, headers=headers)
