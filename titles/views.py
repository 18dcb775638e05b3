"""Buying in: choose a pool, count, review, confirm, pay."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from assets.models import Pool
from assets.queries import pools, total_units
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user
from members.models import Member
from payments.models import Charge
from payments.transfers import transfer_for
from titles import queries, services
from titles.access import pool_or_404, subscription_or_404
from titles.errors import (
    AboveMaximum,
    BelowMinimum,
    BeyondCap,
    BeyondTreasury,
    NotInSteps,
)
from titles.forms import CountForm, PurchaseForm
from titles.models import PurchaseDraft, Subscription
from titles.services.reserving import require_possible
from titles.transfers import Place, places_of

AT_THE_COUNT = (AboveMaximum, BelowMinimum, BeyondCap, BeyondTreasury, NotInSteps)
TYPICAL = 10


@require_GET
@member_required
def buy_in(request: HttpRequest) -> HttpResponse:
    """Every pool: what a share costs and brings, and how many this member can buy."""
    member = the_member(request)
    places = places_of(member)
    drafts = dict(PurchaseDraft.objects.filter(member=member).values_list("pool_id", "count"))
    context = {
        "places": places,
        "offers": [_offer(pool, member, places, drafts) for pool in pools()],
        "waiting": queries.subscriptions_of(member).filter(state=Subscription.State.RESERVED),
    }
    return render(request, "titles/buy_in.html", context)


def _offer(
    pool: Pool, member: Member, places: Sequence[Place], drafts: Mapping[int, int]
) -> dict[str, Any]:
    return {
        "pool": pool,
        "terms": queries.terms(pool, member),
        "units": total_units(pool),
        "yields": queries.yields_for(pool, 1),
        "has_place": any(place.row.pool_id == pool.pk for place in places),
        "draft": drafts.get(pool.pk),
    }


@require_GET
@member_required
@vary_on_headers("HX-Request")
def count(request: HttpRequest, code: str) -> HttpResponse:
    """How many shares: what they yield per period, computed from today's capacity."""
    pool = pool_or_404(code)
    terms = queries.terms(pool, the_member(request))
    asked = request.GET.get("count")
    typical = TYPICAL - TYPICAL % terms.step
    start = max(terms.first, min(typical, terms.possible))
    form = CountForm({"count": asked} if asked else None, initial={"count": start})
    wanted = form.cleaned_data.get("count") if form.is_valid() else None if asked else start
    context = _review_context(request, pool, wanted) | {"form": form}
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "titles/parts/brings.html" if partial else "titles/count.html", context)


def keeps_the_count(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead somebody who was logged out before confirming back to the number they had typed."""

    @wraps(view)
    def guarded(request: HttpRequest, code: str) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated:
            return redirect_to_login(count_address(code, request.POST.get("count", "")))
        return view(request, code)

    return guarded


def count_address(code: str, wanted: str) -> str:
    """The page that asks how many, with this number in its field."""
    query = f"?{urlencode({'count': wanted})}" if wanted else ""
    return reverse("titles:count", args=[code]) + query


@require_http_methods(["GET", "POST"])
@keeps_the_count
@member_required
def review(request: HttpRequest, code: str) -> HttpResponse:
    """What will be bought, on what terms; confirming it reserves the shares."""
    if request.method == "GET" and "count" not in request.GET:
        return HttpResponseRedirect(count_address(code, ""))
    pool = pool_or_404(code)
    data = request.POST if request.method == "POST" else request.GET.copy()
    if request.method == "GET":
        data["key"] = uuid.uuid4().hex
    form = PurchaseForm(data)
    wanted = form.cleaned_data.get("count") if form.is_valid() else None
    bought = _checked(request, pool, form)
    if bought is not None:
        return HttpResponseRedirect(reverse("titles:pay", args=[bought.pk]), status=303)
    context = _review_context(request, pool, wanted) | {"form": form, "wanted": wanted}
    template = "titles/count.html" if form.errors else "titles/review.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _checked(request: HttpRequest, pool: Pool, form: PurchaseForm) -> Subscription | None:
    """The purchase where it was confirmed; what is wrong stands on the form."""
    if not form.is_valid():
        return None
    member, wanted = the_member(request), form.cleaned_data["count"]
    try:
        if request.method == "POST":
            key = f"form:{member.pk}:{form.cleaned_data['key'].hex}"
            return services.subscribe(
                member=member, pool=pool, count=wanted, actor=member.user, key=key
            )
        require_possible(queries.terms(pool, member), member=member, pool=pool, count=wanted)
    except DomainError as error:
        form.add_error("count" if isinstance(error, AT_THE_COUNT) else None, str(error))
    return None


def is_late(subscription: Subscription) -> bool:
    """Whether the money for a purchase came after its due day."""
    charge = subscription.charge
    return charge.state == Charge.State.PAID and charge.payment.received_on > charge.due


def _review_context(request: HttpRequest, pool: Pool, wanted: int | None) -> dict[str, Any]:
    terms = queries.terms(pool, the_member(request))
    return {
        "pool": pool,
        "terms": terms,
        "wanted": wanted,
        "all_units": total_units(pool),
        "yields": queries.yields_for(pool, wanted) if wanted else [],
        "total": terms.price * (wanted or 0),
        "new_total": terms.held + (wanted or 0),
    }


@require_GET
@member_required
def pay(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """How to pay a purchase, and where it stands: reserved, paid, issued."""
    subscription = subscription_or_404(request.user, subscription_id)
    is_waiting = subscription.state == Subscription.State.RESERVED
    transfer = transfer_for(subscription.charge) if is_waiting else None
    context = {
        "subscription": subscription,
        "charge": subscription.charge,
        "transfer": transfer,
        "is_late": is_late(subscription),
    }
    return render(request, "titles/pay.html", context)


@require_POST
@member_required
def cancel(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Let go of a reservation that was not paid."""
    subscription = subscription_or_404(request.user, subscription_id)
    try:
        services.cancel_subscription(subscription_id=subscription.pk, actor=the_user(request))
        messages.success(request, _("The reservation is gone; nothing is owed."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("titles:pay", args=[subscription.pk]), status=303)
