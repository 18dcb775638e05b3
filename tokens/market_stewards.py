"""The stewards' side of the market: calling auctions, letting the pool ask, clearing early."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from members.access import steward_required, the_user
from tokens import market_queries as queries
from tokens import services
from tokens.market_forms import BEFORE, CallForm, ClearForm, PoolAskForm, typed
from tokens.market_views import auction_or_404, tried
from tokens.models import Auction


@require_http_methods(["GET", "POST"])
@steward_required
def desk(request: HttpRequest) -> HttpResponse:
    """The auctions, and the call of another one."""
    form = CallForm(request.POST if request.method == "POST" else None, initial={"pool_tokens": 0})
    if request.method == "POST" and form.is_valid() and _call(request, form):
        messages.success(request, _("The auction is called: members can ask and bid now."))
        return HttpResponseRedirect(reverse("market:desk"), status=303)
    context = {
        "form": form,
        "auctions": [
            {"auction": auction, "asked": queries.asked_in(auction)}
            for auction in queries.open_auctions()
        ],
        "past": queries.past_auctions()[: queries.SHOWN],
    }
    return render(request, "tokens/market/desk.html", context, status=422 if form.errors else 200)


def _call(request: HttpRequest, form: CallForm) -> bool:
    data = form.cleaned_data
    return tried(
        form,
        lambda: services.call_auction(
            pool=data["yields"].pool,
            resource=data["yields"].resource,
            key=f"desk:{data['key']}",
            pool_tokens=data["pool_tokens"],
            closes_at=form.closing(),
            before=data["when"] == BEFORE,
            actor=the_user(request),
        ),
    )


@require_http_methods(["GET", "POST"])
@steward_required
def manage(request: HttpRequest, auction_id: int) -> HttpResponse:
    """One auction that collects: what the pool asks, and clearing it before its time."""
    found = auction_or_404(auction_id)
    sent = request.POST if request.method == "POST" else None
    early = sent is not None and "reason" in sent
    clear = ClearForm(sent if early else None)
    pool = PoolAskForm(None if early else sent, initial={"pool_tokens": typed(found.pool_tokens)})
    form = clear if early else pool
    if sent is not None and form.is_valid() and _manage(request, found, form):
        return HttpResponseRedirect(reverse("market:desk"), status=303)
    context = {"auction": found, "asked": queries.asked_in(found), "pool": pool, "clear": clear}
    status = 422 if form.errors else 200
    return render(request, "tokens/market/manage.html", context, status=status)


def _manage(request: HttpRequest, found: Auction, form: ClearForm | PoolAskForm) -> bool:
    if isinstance(form, PoolAskForm):
        amount = form.cleaned_data["pool_tokens"]
        done = tried(
            form,
            lambda: services.ask_for_pool(
                auction_id=found.pk, amount=amount, actor=the_user(request)
            ),
        )
        said = _("The pool asks what you wrote.")
    else:
        reason = form.cleaned_data["reason"]
        done = tried(
            form,
            lambda: services.clear_auction(
                auction_id=found.pk, reason=reason, actor=the_user(request)
            ),
        )
        said = _("The auction is cleared.")
    if done:
        messages.success(request, said)
    return done
