"""Campaigns as pages: what is planned, paying ahead for it, the receipt; and the stewards' part."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import has_rights, member_required, steward_required, the_member, the_user
from members.queries import is_auditor, member_of
from payments.models import Charge
from payments.transfers import transfer_for
from titles import services
from titles.campaign_forms import CampaignForm, GiveUpForm, PrepayForm
from titles.campaign_receipt import receipt_pdf
from titles.campaigns import Progress, campaigns, prepayments_of, progress_of, yields_of
from titles.models import Campaign, Prepayment

SEEN = ("campaign__pool", "campaign__asset", "charge__payment", "member")


@require_GET
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Everything that members pay ahead for, and what became of it."""
    found = progress_of(campaigns())
    return render(request, "titles/campaigns/list.html", {"found": found})


@require_http_methods(["GET", "POST"])
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """One planned thing: what it brings, how far the money is; paying ahead for it."""
    progress = _progress(campaign_id)
    member = member_of(request.user)
    form = PrepayForm(request.POST or None)
    if request.method == "POST":
        made = _prepay(request, progress.campaign, form)
        if made is not None:
            return HttpResponseRedirect(_own(made), status=303)
    context = {
        "progress": progress,
        "campaign": progress.campaign,
        "yields": yields_of(progress.campaign),
        "form": form,
        "may_pay": has_rights(member) and progress.is_open,
        "mine": prepayments_of(member).filter(campaign=campaign_id) if member else [],
    }
    status = 422 if form.errors else 200
    return render(request, "titles/campaigns/campaign.html", context, status=status)


def _progress(campaign_id: int) -> Progress:
    get_object_or_404(Campaign, pk=campaign_id)
    return progress_of(campaigns().filter(pk=campaign_id))[0]


def _own(prepayment: Prepayment) -> str:
    return reverse("campaigns:prepayment", args=[prepayment.pk])


def _prepay(request: HttpRequest, found: Campaign, form: PrepayForm) -> Prepayment | None:
    """The payment ahead where it can be made; what is wrong stands on the form."""
    member = the_member(request)
    if not form.is_valid():
        return None
    try:
        return services.prepay(
            member=member,
            campaign_id=found.pk,
            amount=form.cleaned_data["amount"],
            actor=the_user(request),
            key=f"form:{member.pk}:{form.cleaned_data['key']}",
        )
    except DomainError as error:
        form.add_error("amount", str(error))
    return None


@require_GET
@login_required
def prepayment(request: HttpRequest, prepayment_id: int) -> HttpResponse:
    """How to pay what was promised; once it is paid, the receipt."""
    found = _prepayment(request, prepayment_id)
    is_waiting = found.charge.state == Charge.State.OPEN
    context = {
        "prepayment": found,
        "campaign": found.campaign,
        "charge": found.charge,
        "transfer": transfer_for(found.charge) if is_waiting else None,
        "yields": yields_of(found.campaign),
    }
    return render(request, "titles/campaigns/prepayment.html", context)


def _prepayment(request: HttpRequest, prepayment_id: int) -> Prepayment:
    """A payment ahead of this user; those who read the books by name see all."""
    found = Prepayment.objects.select_related(*SEEN)
    if not is_auditor(request.user):
        found = found.filter(member__user_id=the_user(request).pk)
    return get_object_or_404(found, pk=prepayment_id)


@require_GET
@login_required
def receipt(request: HttpRequest, prepayment_id: int) -> HttpResponse:
    """The receipt as PDF, once the money came."""
    found = _prepayment(request, prepayment_id)
    if found.charge.state != Charge.State.PAID:
        return HttpResponseRedirect(_own(found), status=303)
    response = HttpResponse(receipt_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="receipt-{found.charge.reference}.pdf"'
    return response


@require_POST
@member_required
def cancel(request: HttpRequest, prepayment_id: int) -> HttpResponse:
    """Let go of a promise that was not paid."""
    found = _prepayment(request, prepayment_id)
    try:
        services.cancel_prepayment(prepayment_id=found.pk, actor=the_user(request))
        messages.success(request, _("The promise is gone; nothing is owed."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(_own(found), status=303)


@require_http_methods(["GET", "POST"])
@steward_required
def new(request: HttpRequest) -> HttpResponse:
    """Ask members to pay ahead for something planned."""
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = f"form:{form.cleaned_data['key']}"
        try:
            made = services.open_campaign(actor=the_user(request), key=key, **form.facts())
            return HttpResponseRedirect(reverse("campaigns:campaign", args=[made.pk]), status=303)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "titles/campaigns/new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@steward_required
def give_up(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """End a campaign without buying."""
    found, form = _progress(campaign_id), GiveUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason, actor = form.cleaned_data["reason"], the_user(request)
        try:
            services.give_up_campaign(campaign_id=campaign_id, reason=reason, actor=actor)
            page = reverse("campaigns:campaign", args=[campaign_id])
            return HttpResponseRedirect(page, status=303)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "progress": found, "campaign": found.campaign}
    status = 422 if form.errors else 200
    return render(request, "titles/campaigns/give_up.html", context, status=status)
