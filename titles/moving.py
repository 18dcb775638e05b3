"""Passing shares on: offering them, answering an offer, dividing a title; the waiting list."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assets.models import Pool
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user
from members.models import Member
from titles import queries, services
from titles.access import pool_or_404
from titles.limits import bound_units
from titles.models import PurchaseDraft, Title, Transfer, WaitingPlace
from titles.moving_forms import CodeForm, OfferForm, SplitForm, WishForm
from titles.transfers import (
    offers_from,
    offers_to,
    past_transfers_of,
    place_of,
    transfer_of,
)

CODES = "titles_codes"


@require_GET
@member_required
def transfers(request: HttpRequest) -> HttpResponse:
    """What is offered to this member and by them, and what they can pass on."""
    member = the_member(request)
    context = {
        "incoming": offers_to(member),
        "outgoing": offers_from(member),
        "past": past_transfers_of(member)[:20],
        "pools": Pool.objects.filter(positions__member=member, positions__held__gt=0),
        "form": CodeForm(),
    }
    return render(request, "titles/transfers.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def transfer_new(request: HttpRequest, code: str) -> HttpResponse:
    """How many shares, to whom, from which titles; then a look at it, then the offer itself."""
    pool, member = pool_or_404(code), the_member(request)
    titles = list(queries.titles_of(member).filter(pool=pool, state=Title.State.LIVE))
    form = OfferForm(request.POST or None, titles=titles, initial={"key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _may_offer(form, member, pool):
        answer = _next_step(request, form, member, pool)
        if answer is not None:
            return answer
    held = queries.units_of(member, pool)
    free = max(0, held - bound_units(pool, member))
    context = {"pool": pool, "form": form, "held": held, "free": free}
    return render(request, "titles/transfer_new.html", context, status=422 if form.errors else 200)


def _next_step(
    request: HttpRequest, form: OfferForm, member: Member, pool: Pool
) -> HttpResponse | None:
    """The page after a form that can be taken; None shows the form again."""
    if "change" in request.POST:
        return None
    if "confirm" not in request.POST:
        context = {"pool": pool, "form": form, "asked": form.cleaned_data}
        return render(request, "titles/transfer_review.html", context)
    offered = _offer(request, form, member, pool)
    return None if offered is None else HttpResponseRedirect(_address(offered), status=303)


def _may_offer(form: OfferForm, member: Member, pool: Pool) -> bool:
    """Try it and undo it: what would be refused is said before anything is confirmed."""
    try:
        services.try_offer(giver=member, pool=pool, **_wanted(form))
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


def _wanted(form: OfferForm) -> dict[str, Any]:
    names = ("units", "to_number", "kind", "numbers", "note")
    return {name: form.cleaned_data[name] for name in names}


def _offer(request: HttpRequest, form: OfferForm, member: Member, pool: Pool) -> Transfer | None:
    key = f"form:{member.pk}:{form.cleaned_data['key'].hex}"
    try:
        offered = services.offer_units(
            giver=member, pool=pool, actor=the_user(request), key=key, **_wanted(form)
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    if offered.code:
        request.session[CODES] = {str(offered.transfer.pk): offered.code}
    return offered.transfer


def _address(transfer: Transfer) -> str:
    return reverse("titles:transfer", args=[transfer.pk])


@require_GET
@member_required
def transfer(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """One offer, for its giver and its receiver alone."""
    member = the_member(request)
    found = transfer_of(member, transfer_id)
    if found is None:
        raise Http404
    context = {
        "transfer": found,
        "is_giver": found.giver_id == member.pk,
        "code": request.session.get(CODES, {}).get(str(found.pk), ""),
        "received": Title.objects.filter(txn_id=found.txn_id, member=member)
        if found.txn_id
        else [],
        "terms": queries.terms(found.pool, member),
        "yields": queries.yields_for(found.pool, found.units),
    }
    return render(request, "titles/transfer.html", context)


@require_POST
@member_required
def transfer_claim(request: HttpRequest) -> HttpResponse:
    """The offer that a code leads to is put before whoever typed it."""
    form, member = CodeForm(request.POST), the_member(request)
    if form.is_valid():
        try:
            found = services.claim_offer(
                code=form.cleaned_data["code"], receiver=member, actor=the_user(request)
            )
            return HttpResponseRedirect(_address(found), status=303)
        except DomainError as error:
            form.add_error("code", str(error))
    context = {"form": form, "incoming": offers_to(member), "outgoing": offers_from(member)}
    return render(request, "titles/transfers.html", context, status=422)


@require_POST
@member_required
def transfer_answer(request: HttpRequest, transfer_id: int, answer: str) -> HttpResponse:
    """Accept, decline or withdraw."""
    member, user = the_member(request), the_user(request)
    if transfer_of(member, transfer_id) is None:
        raise Http404
    try:
        if answer == "withdraw":
            services.withdraw_transfer(transfer_id=transfer_id, giver=member, actor=user)
        elif answer == "accept":
            services.accept_transfer(transfer_id=transfer_id, receiver=member, actor=user)
        else:
            services.decline_transfer(transfer_id=transfer_id, receiver=member, actor=user)
    except (DomainError, Transfer.DoesNotExist) as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("titles:transfer", args=[transfer_id]), status=303)


@require_http_methods(["GET", "POST"])
@member_required
def split(request: HttpRequest, number: int) -> HttpResponse:
    """One's own title into several."""
    member = the_member(request)
    title = get_object_or_404(queries.titles_of(member), number=number, state=Title.State.LIVE)
    form = SplitForm(request.POST or None, initial={"key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _split(request, form, member, title):
        messages.success(request, _("%(title)s is divided.") % {"title": title})
        return HttpResponseRedirect(reverse("titles:mine"), status=303)
    context = {"title": title, "form": form}
    return render(request, "titles/split.html", context, status=422 if form.errors else 200)


def _split(request: HttpRequest, form: SplitForm, member: Member, title: Title) -> bool:
    key = f"form:{member.pk}:{form.cleaned_data['key'].hex}"
    try:
        services.split_title(
            holder=member,
            title=title,
            parts=form.cleaned_data["parts"],
            actor=the_user(request),
            key=key,
        )
    except DomainError as error:
        form.add_error("parts", str(error))
    return not form.errors


@require_POST
@member_required
def keep_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a number for later, or forget it; nothing is reserved."""
    pool, member = pool_or_404(code), the_member(request)
    wanted = request.POST.get("count", "")
    if wanted.isdecimal() and 0 < int(wanted[:13]) <= 10**12:
        services.keep_draft(member=member, pool=pool, count=int(wanted))
        messages.success(request, _("Kept as a draft. Nothing is reserved."))
    else:
        services.drop_draft(member=member, pool=pool)
        messages.success(request, _("The draft is gone."))
    return HttpResponseRedirect(reverse("titles:buy_in"), status=303)


@require_http_methods(["GET", "POST"])
@member_required
def wait(request: HttpRequest, code: str) -> HttpResponse:
    """A place in the waiting list of a pool."""
    pool, member = pool_or_404(code), the_member(request)
    start = {"key": uuid.uuid4(), "count": _draft_of(member, pool)}
    form = WishForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid() and _join(request, form, member, pool):
        messages.success(request, _("You are on the list. We write when shares are free."))
        return HttpResponseRedirect(reverse("titles:buy_in"), status=303)
    context = {
        "pool": pool,
        "form": form,
        "terms": queries.terms(pool, member),
        "place": place_of(member, pool),
    }
    return render(request, "titles/wait.html", context, status=422 if form.errors else 200)


def _draft_of(member: Member, pool: Pool) -> int | None:
    draft = PurchaseDraft.objects.filter(member=member, pool=pool).first()
    return draft.count if draft else None


def _join(request: HttpRequest, form: WishForm, member: Member, pool: Pool) -> bool:
    key = f"form:{member.pk}:{form.cleaned_data['key'].hex}"
    try:
        services.join_waiting_list(
            member=member,
            pool=pool,
            wish=form.cleaned_data["count"],
            takes_part=form.cleaned_data["takes_part"],
            actor=the_user(request),
            key=key,
        )
    except DomainError as error:
        form.add_error("count", str(error))
    return not form.errors


@require_POST
@member_required
def answer_place(request: HttpRequest, place_id: int, answer: str) -> HttpResponse:
    """Take what the list offers, or give the place up."""
    member, user = the_member(request), the_user(request)
    place = get_object_or_404(WaitingPlace, pk=place_id, member=member)
    address = reverse("titles:buy_in")
    try:
        if answer == "take":
            bought = services.take_offer(place_id=place.pk, actor=user)
            address = reverse("titles:pay", args=[bought.pk])
        else:
            services.leave_waiting_list(place_id=place.pk, actor=user)
            messages.success(request, _("You are off the list."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(address, status=303)
