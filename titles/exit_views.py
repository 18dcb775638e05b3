"""A member's pages of giving shares back and leaving."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assets.models import Pool
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user
from members.models import Member
from titles import exit_pages as pages
from titles import services
from titles.access import pool_or_404
from titles.exit_forms import ConfirmForm, PlanForm, RedeemForm
from titles.exit_queries import leaving_of
from titles.models import RedemptionRequest


def See(url: str) -> HttpResponseRedirect:
    """Look there now."""
    return HttpResponseRedirect(url, status=303)


@require_GET
@member_required
def redemptions(request: HttpRequest) -> HttpResponse:
    """A member's requests: the place in the queue, the forecast, what was paid."""
    return render(request, "titles/exit/mine.html", pages.mine_context(the_member(request)))


@require_http_methods(["GET", "POST"])
@member_required
def redeem(request: HttpRequest, code: str) -> HttpResponse:
    """Give shares of a pool back: the price with its derivation, and the request."""
    pool, member = pool_or_404(code), the_member(request)
    first = {"key": uuid.uuid4().hex}
    form = RedeemForm(request.POST or None, member=member, pool=pool, initial=first)
    if form.is_valid() and _asked(member, pool, form):
        messages.success(request, _("Your request is in the queue."))
        return See(reverse("titles:redemptions"))
    context = pages.redeem_context(member, pool) | {"form": form}
    return render(request, "titles/exit/redeem.html", context, status=422 if form.errors else 200)


def _asked(member: Member, pool: Pool, form: RedeemForm) -> bool:
    try:
        services.request_redemption(
            member=member,
            pool=pool,
            units=form.cleaned_data["count"],
            numbers=form.numbers,
            reason=form.cleaned_data["reason"],
            actor=member.user,
            key=f"form:{member.pk}:{form.cleaned_data['key'].hex}",
        )
    except DomainError as error:
        form.add_error("count", str(error))
    return not form.errors


@require_POST
@member_required
def credit_out(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the credit of a pool that waited long enough."""
    pool, member = pool_or_404(code), the_member(request)
    ripe = pages.redeem_context(member, pool)["ripe"]
    try:
        services.request_credit_payout(
            member=member, pool=pool, amount=ripe, actor=member.user, key=uuid.uuid4().hex
        )
        messages.success(request, _("Your request is in the queue."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("titles:redemptions"))


@require_POST
@member_required
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take a request out of the queue."""
    found = get_object_or_404(RedemptionRequest, pk=request_id, member=the_member(request))
    try:
        services.withdraw_redemption(request_id=found.pk, actor=the_user(request))
        messages.success(request, _("Withdrawn. What is left of it is free again."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("titles:redemptions"))


@require_GET
@member_required
def leave(request: HttpRequest) -> HttpResponse:
    """What a leaver holds, owes and is owed, and what shall become of it; or where it stands."""
    member = the_member(request)
    context = pages.leave_context(member)
    if context["leaving"] is not None:
        requests = pages.mine_context(member)["rows"]
        return render(request, "titles/exit/under_way.html", context | {"rows": requests})
    form = PlanForm(request.GET if "plan" in request.GET else None, pools=pages.held_pools(member))
    return render(request, "titles/exit/leave.html", context | {"form": form})


@require_http_methods(["GET", "POST"])
@member_required
def review_leaving(request: HttpRequest) -> HttpResponse:
    """All that follows, with its days; confirming it begins the leaving."""
    member = the_member(request)
    data: Any = request.POST if request.method == "POST" else request.GET.copy()
    if request.method == "GET":
        data["key"] = uuid.uuid4().hex
    form = ConfirmForm(data, pools=pages.held_pools(member))
    if leaving_of(member) is not None and request.method == "GET":
        return See(reverse("titles:leave"))
    if form.is_valid() and request.method == "POST" and _left(member, form):
        messages.success(request, _("Your leaving has begun. You can take it back until its day."))
        return See(reverse("titles:leave"))
    context = pages.leave_context(member, form.plan if form.is_valid() else {}) | {"form": form}
    template = "titles/exit/leave.html" if form.errors else "titles/exit/review.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _left(member: Member, form: ConfirmForm) -> bool:
    try:
        services.leave(
            member=member,
            plan=form.plan,
            text=form.cleaned_data["text"],
            actor=member.user,
            key=f"form:{member.pk}:{form.cleaned_data['key'].hex}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


@require_POST
@member_required
def stay(request: HttpRequest) -> HttpResponse:
    """Take the leaving back."""
    leaving = leaving_of(the_member(request))
    try:
        if leaving is not None:
            services.withdraw_leaving(leaving_id=leaving.pk, actor=the_user(request))
            messages.success(request, _("Good to have you back. Nothing more is given back."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("titles:leave"))
