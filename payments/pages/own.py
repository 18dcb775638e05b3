"""What members keep up themselves: the account for payouts, the mandate, their payouts."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from stdnum.eu import at_02

from members.access import member_required, steward_required, the_member, the_user
from members.models import Member
from members.queries import cooperative
from payments import services
from payments.models import BankAccount, Mandate
from payments.pages.acting import done, onward
from payments.pages.forms import (
    AccountByStewardForm,
    AccountForm,
    DisputeForm,
    EmptyForm,
    MandateForm,
)
from payments.queries import charges_of, current_mandate, payouts_of
from payments.services.payouts import current_account


@require_http_methods(["GET", "POST"])
@member_required
def account(request: HttpRequest) -> HttpResponse:
    """The account that payouts go to, and naming another."""
    member, form = the_member(request), AccountForm(request.POST or None)
    if request.method == "POST" and done(form, lambda: set_account(request, member, form)):
        message = _("Payouts go to this account from now on.")
        return onward(request, reverse("payments:account"), message)
    history = BankAccount.objects.filter(member=member).order_by("-pk")
    context = {"form": form, "account": history.first(), "history": history[1:], "own": True}
    return render(request, "payments/own/account.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@steward_required
def account_of(request: HttpRequest, member_id: int) -> HttpResponse:
    """A steward names the account of a member who cannot, and says why."""
    member = get_object_or_404(Member, pk=member_id, number__isnull=False)
    form = AccountByStewardForm(request.POST or None)
    if request.method == "POST" and done(form, lambda: set_account(request, member, form)):
        message = _("Payouts to %(name)s go to this account.") % {"name": member.name}
        return onward(request, reverse("payments:payouts_desk"), message)
    context = {"form": form, "account": current_account(member.pk), "of": member}
    return render(request, "payments/own/account.html", context, status=422 if form.errors else 200)


def set_account(request: HttpRequest, member: Member, form: AccountForm) -> None:
    """The account of the form, set by who asks."""
    services.set_bank_account(member=member, actor=the_user(request), **form.cleaned_data)


@require_http_methods(["GET", "POST"])
@member_required
def mandate(request: HttpRequest) -> HttpResponse:
    """The mandate for direct debit: giving it, changing its account."""
    member = the_member(request)
    held = current_mandate(member)
    form = (AccountForm if held else MandateForm)(request.POST or None)
    if request.method == "POST" and done(form, lambda: keep(request, member, held, form)):
        message = _("We collect what you owe from this account from now on.")
        return onward(request, reverse("payments:mandate"), message)
    return mandate_page(request, member, held, form)


def mandate_page(
    request: HttpRequest, member: Member, held: Mandate | None, form: AccountForm
) -> HttpResponse:
    """The page of the mandate, with earlier ones."""
    earlier = Mandate.objects.filter(member=member).exclude(ended_at=None).order_by("-pk")
    context = {
        "form": form, "mandate": held, "earlier": earlier, "words": consent_words(),
        "possible": at_02.is_valid(settings.COOP_CREDITOR_ID),
    }  # fmt: skip
    return render(request, "payments/own/mandate.html", context, status=422 if form.errors else 200)


def keep(request: HttpRequest, member: Member, held: Mandate | None, form: AccountForm) -> None:
    """Give the mandate, or change the account of the one there is."""
    values: dict[str, Any] = {name: form.cleaned_data[name] for name in ("holder", "iban", "bic")}
    if held is not None:
        services.amend_mandate(mandate_id=held.pk, actor=the_user(request), **values)
        return
    services.give_mandate(
        member=member,
        actor=the_user(request),
        consent=consent_words(),
        language=get_language() or "en",
        **values,
    )


def consent_words() -> str:
    """What a member agrees to with a mandate, in their language; kept with it."""
    return _(
        "I authorise %(cooperative)s (creditor identifier %(creditor)s) to send instructions to "
        "my bank to debit my account with what I owe, and my bank to follow them. I am told of "
        "each debit at least the agreed days before. Within eight weeks of a debit I can ask my "
        "bank for a refund, under the terms of my agreement with it. I can revoke this mandate at "
        "any time on this page."
    ) % {"cooperative": cooperative().legal_name, "creditor": settings.COOP_CREDITOR_ID}


@require_POST
@member_required
def revoke(request: HttpRequest) -> HttpResponse:
    """End the member's mandate."""
    member = the_member(request)
    held, form = current_mandate(member), EmptyForm(request.POST)
    if held is None:
        return onward(request, reverse("payments:mandate"), _("There is no mandate any more."))
    actor = the_user(request)
    if done(form, lambda: services.revoke_mandate(mandate_id=held.pk, reason="", actor=actor)):
        message = _("The mandate has ended: nothing is collected any more.")
        return onward(request, reverse("payments:mandate"), message)
    return mandate_page(request, member, held, AccountForm(None))


@require_GET
@member_required
def payouts(request: HttpRequest) -> HttpResponse:
    """What the cooperative paid or will pay to the member."""
    member = the_member(request)
    context = {"payouts": payouts_of(member), "account": current_account(member.pk)}
    return render(request, "payments/own/payouts.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def dispute(request: HttpRequest, charge_id: int) -> HttpResponse:
    """Say that a charge is wrong: no reminder follows until a treasurer answers."""
    charge = get_object_or_404(charges_of(the_member(request)), pk=charge_id)
    form, actor = DisputeForm(request.POST or None), the_user(request)

    def stop() -> None:
        reason = form.cleaned_data["reason"]
        services.dispute_charge(charge_id=charge_id, reason=reason, actor=actor)

    if request.method == "POST" and done(form, stop):
        message = _("A treasurer reads it. Until then no reminder follows.")
        return onward(request, reverse("payments:charge", args=[charge_id]), message)
    context = {"form": form, "charge": charge}
    return render(request, "payments/own/dispute.html", context, status=422 if form.errors else 200)
