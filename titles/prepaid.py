"""The member's pages of the prepaid balance, and of payment services."""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.queries import account_id, entries_of
from members.access import member_required, the_member, the_user
from payments.access import charge_or_404
from payments.forms import PrepaidForm
from payments.models import Charge
from payments.pages.acting import done, onward
from payments.providers import NotGenuine, demo, provider_named
from payments.services import ask_for_prepaid, prepaid_balance, refund_prepaid, wish_to_settle
from payments.services.funding import prepaid_name
from titles.services import accept_notice, settle_from_prepaid
from titles.services.prepaid import owed, wishes_it

SHOWN = 30


@require_http_methods(["GET", "POST"])
@member_required
def prepaid(request: HttpRequest) -> HttpResponse:
    """The balance, what moved it, and paying ahead."""
    member = the_member(request)
    form = PrepaidForm(request.POST or None, initial={"key": uuid4()})
    made: list[Charge] = []

    def ask() -> None:
        given = form.cleaned_data
        made.append(
            ask_for_prepaid(
                member=member, amount=given["amount"], actor=member.user, key=str(given["key"])
            )
        )

    if request.method == "POST" and done(form, ask):
        return HttpResponseRedirect(reverse("payments:charge", args=[made[0].pk]), status=303)
    account = account_id(settings.COOP_CURRENCY, *prepaid_name(member.pk))
    context = {
        "balance": prepaid_balance(member),
        "moves": entries_of(account)[:SHOWN] if account else [],
        "wishes": wishes_it(member.pk),
        "owed": list(owed(member.pk)),
        "form": form,
    }
    return render(request, "payments/prepaid.html", context, status=422 if form.errors else 200)


@require_POST
@member_required
def settle(request: HttpRequest) -> HttpResponse:
    """Pay what is owed from the balance, now, and from now on where that is wished."""
    member = the_member(request)
    if "wish" in request.POST:
        settles = request.POST["wish"] == "yes"
        wish_to_settle(member=member, settles=settles, actor=the_user(request))
        if not settles:
            return onward(request, reverse("titles:prepaid"), _("Nothing is paid by itself now."))
    paid = settle_from_prepaid(member=member, actor=the_user(request))
    words = _("Paid from your balance: %(count)s.") % {"count": len(paid)}
    return onward(request, reverse("titles:prepaid"), words)


@require_http_methods(["GET", "POST"])
@member_required
def refund(request: HttpRequest) -> HttpResponse:
    """Have a part of the balance, or all of it, paid out."""
    member = the_member(request)
    first = {"key": uuid4()}
    form = PrepaidForm(request.POST or None, initial=first)

    def ask() -> None:
        given = form.cleaned_data
        refund_prepaid(
            member=member, amount=given["amount"], actor=member.user, key=str(given["key"])
        )

    if request.method == "POST" and done(form, ask):
        words = _("Asked for. It is paid out as soon as two treasurers approved it.")
        return onward(request, reverse("titles:prepaid"), words)
    context = {"form": form, "balance": prepaid_balance(member)}
    page = "payments/prepaid_refund.html"
    return render(request, page, context, status=422 if form.errors else 200)


@require_GET
@login_required
def pay_with(request: HttpRequest, charge_id: int, name: str) -> HttpResponse:
    """To the payment service, with an open charge."""
    charge, provider = charge_or_404(request.user, charge_id), provider_named(name)
    if provider is None or charge.state != Charge.State.OPEN:
        raise Http404
    return HttpResponseRedirect(provider.start(charge))


@csrf_exempt
@require_POST
def notify(request: HttpRequest, name: str) -> HttpResponse:
    """A payment service tells something; its signature says whether it is true."""
    provider = provider_named(name)
    if provider is None:
        raise Http404
    try:
        fact = provider.read(request.body, request.headers)
    except NotGenuine as error:
        return JsonResponse({"code": error.code, "detail": str(error)}, status=error.status)
    notice = accept_notice(provider=name, fact=fact)
    return JsonResponse({"booked": notice.payment_id is not None, "refusal": notice.refusal})


@require_http_methods(["GET", "POST"])
@login_required
def demo_card(request: HttpRequest, charge_id: int) -> HttpResponse:
    """What stands for a card service in a demonstration; it sends its notification by itself."""
    charge, provider = charge_or_404(request.user, charge_id), provider_named("demo")
    if provider is None or charge.state != Charge.State.OPEN:
        raise Http404
    if request.method == "POST":
        accept_notice(provider=provider.name, fact=provider.read(*demo.notification(charge)))
        url = reverse("payments:charge", args=[charge.pk])
        return onward(request, url, _("Paid in the demonstration. No money moved."))
    return render(request, "payments/demo_card.html", {"charge": charge})
