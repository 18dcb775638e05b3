"""The member's token book: what is left, giving, offering."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import member_required, the_member
from members.models import Member
from tokens import queries, services
from tokens.access import asked_period, gift_to, offer_of
from tokens.allowances import limits_of
from tokens.forms import GiveForm, OfferForm
from tokens.handed import gifts_in, loans_of, loans_waiting, vouchers_of
from tokens.models import Period

MINE = "tokens:mine"


def back(name: str = MINE, **names: str) -> HttpResponseRedirect:
    """See other: the page that shows what was done."""
    response = HttpResponseRedirect(reverse(name, kwargs=names))
    response.status_code = 303
    return response


@require_GET
@member_required
def mine(request: HttpRequest) -> HttpResponse:
    """The token book of the running period, or of one that was asked for."""
    period = asked_period(request.GET)
    return render(request, "tokens/mine.html", _book(the_member(request), period))


def _book(member: Member, period: Period | None, **more: Any) -> dict[str, Any]:
    running = queries.current_period()
    return {
        "me": member,
        "limits": limits_of(member),
        "period": period,
        "is_running": period is not None and period == running and period.state == "open",
        "periods": queries.periods(),
        "books": [] if period is None else queries.books_of(member, period),
        "offers": [] if period is None else queries.offers_of(member, period),
        "gifts": [] if period is None else gifts_in(member, period),
        "loans": [] if period is None else loans_of(member, period),
        "waiting": queries.gifts_waiting(member),
        "loans_waiting": loans_waiting(member),
        "vouchers": [] if period is None else vouchers_of(member, period),
        **more,
    }


@require_http_methods(["GET", "POST"])
@member_required
def give(request: HttpRequest) -> HttpResponse:
    """Give own unused tokens to another member."""
    period = queries.current_period()
    if period is None:
        return back()
    form = GiveForm(period, request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and _give(request, form):
        messages.success(request, _("Offered. The tokens move when they are accepted."))
        return back()
    return render(request, "tokens/give.html", {"form": form}, status=_status(form))


def _give(request: HttpRequest, form: GiveForm) -> bool:
    row, data = form.cleaned_data["yields"], form.cleaned_data
    try:
        services.give(
            giver=the_member(request),
            receiver=data["receiver"],
            pool=row.pool,
            resource=row.resource,
            amount=data["amount"],
            actor=the_member(request).user,
            key=f"{the_member(request).pk}:{data['key']}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


@require_http_methods(["GET", "POST"])
@member_required
def offer(request: HttpRequest) -> HttpResponse:
    """Offer what will be left at the close."""
    period = queries.current_period()
    if period is None:
        return back()
    form = OfferForm(period, request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and _offer(request, form):
        messages.success(request, _("Your offer stands."))
        return back()
    return render(request, "tokens/offer.html", {"form": form}, status=_status(form))


def _offer(request: HttpRequest, form: OfferForm) -> bool:
    row, member = form.cleaned_data["yields"], the_member(request)
    try:
        services.offer_surplus(
            member=member,
            pool=row.pool,
            resource=row.resource,
            amount=form.cleaned_data["amount"],
            standing=form.cleaned_data["standing"],
            actor=member.user,
            key=f"{member.pk}:{form.cleaned_data['key']}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _status(form: GiveForm | OfferForm) -> int:
    return 422 if form.errors else 200


@require_POST
@member_required
def answer_gift(request: HttpRequest, gift_id: int) -> HttpResponse:
    """Accept or decline a gift."""
    gift, user = gift_to(the_member(request), gift_id), the_member(request).user
    act = services.accept_gift if "accept" in request.POST else services.decline_gift
    try:
        act(gift_id=gift.pk, actor=user)
    except DomainError as error:
        messages.error(request, str(error))
    return back()


@require_POST
@member_required
def withdraw(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Take an offer back."""
    member = the_member(request)
    try:
        services.withdraw_offer(offer_id=offer_of(member, offer_id).pk, actor=member.user)
        messages.success(request, _("Your offer is withdrawn."))
    except DomainError as error:
        messages.error(request, str(error))
    return back()
