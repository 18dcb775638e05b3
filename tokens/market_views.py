"""The member's market: prices, auctions, bids and asks of mine."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from ledger.errors import DomainError
from members.access import member_required, the_member
from members.models import Member
from payments.forms import fresh_key
from tokens import market_queries as queries
from tokens import services
from tokens.market_forms import AskForm, BidForm
from tokens.models import Ask, Auction, Bid, Offer
from tokens.queries import current_period
from tokens.services.market import need_price, need_size


@require_GET
@member_required
def home(request: HttpRequest) -> HttpResponse:
    """Prices, auctions that collect, what is mine, and what past auctions came to."""
    member = the_member(request)
    context = {
        "period": current_period(),
        "auctions": [_shown(auction, member) for auction in queries.open_auctions()],
        "offers": queries.standing_offers_of(member),
        "prices": [
            {"row": row, "points": queries.price_history(row.pool, row.resource)}
            for row in queries.latest_yields()
        ],
        "past": [_past(auction, member) for auction in queries.past_auctions()[: queries.SHOWN]],
    }
    return render(request, "tokens/market/home.html", context)


def _shown(auction: Auction, member: Member) -> dict[str, Any]:
    return {
        "auction": auction,
        "asked": queries.asked_in(auction),
        "asks": queries.asks_of(member).filter(auction=auction),
        "bids": queries.bids_of(member).filter(auction=auction),
        "is_over": queries.is_over(auction, timezone.now()),
    }


def _past(auction: Auction, member: Member) -> dict[str, Any]:
    mine = queries.totals_of(auction, member)
    levels = queries.levels_of(auction, member)
    return {"auction": auction, "sold": mine.mine_sold, "bid": sum(row.mine for row in levels)}


@require_GET
@member_required
def auction(request: HttpRequest, auction_id: int) -> HttpResponse:
    """One auction: while it collects what is mine in it, then what it came to."""
    found, member = auction_or_404(auction_id), the_member(request)
    shown = _shown(found, member)
    context = {**shown, "shown": shown}
    if found.state == Auction.State.CLEARED:
        context |= {
            "levels": queries.levels_of(found, member),
            "totals": queries.totals_of(found, member),
        }
    return render(request, "tokens/market/auction.html", context)


def auction_or_404(auction_id: int) -> Auction:
    """The auction with this number."""
    found = queries.auctions().filter(pk=auction_id).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@member_required
@vary_on_headers("HX-Request")
def bid(request: HttpRequest, auction_id: int) -> HttpResponse:
    """Place a bid; before that, what it would cost and how much of it becomes my equity."""
    found, member = auction_or_404(auction_id), the_member(request)
    form = _bid_form(request)
    valid = form.is_bound and form.is_valid()
    if request.method == "POST" and valid and _place_bid(found, member, form):
        messages.success(request, _("Your bid stands. You can withdraw it until the auction ends."))
        return back(found)
    context = _bid_context(found, member, form if valid else None) | {"form": form}
    if request.headers.get("HX-Request") == "true":
        return render(request, "tokens/market/preview.html", context)
    status = 422 if form.errors and request.method == "POST" else 200
    return render(request, "tokens/market/bid.html", context, status=status)


def _bid_form(request: HttpRequest) -> BidForm:
    """Bound to what was sent, or to what the address asks to be shown."""
    if request.method == "POST":
        return BidForm(request.POST)
    if not {"amount", "price"} <= set(request.GET):
        return BidForm()
    asked = {name: request.GET[name] for name in ("amount", "price")}
    return BidForm({**asked, "key": request.GET.get("key") or fresh_key()})


def _bid_context(found: Auction, member: Member, form: BidForm | None) -> dict[str, Any]:
    preview = None
    if form is not None:
        data = form.cleaned_data
        preview = queries.bid_preview(found, member, data["price"], data["amount"])
    return {"auction": found, "row": queries.rates_for(found), "preview": preview}


def _place_bid(found: Auction, member: Member, form: BidForm) -> bool:
    price, amount = form.cleaned_data["price"], form.cleaned_data["amount"]

    def place() -> None:
        need_size(found, price, amount)
        need_price(found, price)
        services.place_bid(
            auction_id=found.pk,
            member=member,
            price=price,
            amount=amount,
            actor=member.user,
            key=f"{member.pk}:{form.cleaned_data['key']}",
        )

    return tried(form, place)


def tried(form: Any, act: Callable[[], object]) -> bool:
    """Whether a service did what it was asked; its refusal goes on the form."""
    try:
        act()
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


@require_http_methods(["GET", "POST"])
@member_required
@vary_on_headers("HX-Request")
def ask(request: HttpRequest, auction_id: int) -> HttpResponse:
    """Put own unused tokens in; before that, what I have and of what I would be relieved."""
    found, member = auction_or_404(auction_id), the_member(request)
    asked = {"amount": request.GET.get("amount", ""), "key": fresh_key()}
    form = AskForm(request.POST or (asked if asked["amount"] else None))
    valid = form.is_bound and form.is_valid()
    if request.method == "POST" and valid and _place_ask(found, member, form):
        messages.success(request, _("Your ask stands. You can withdraw it until the auction ends."))
        return back(found)
    amount = form.cleaned_data["amount"] if valid else None
    context = {
        "auction": found,
        "row": queries.rates_for(found),
        "left": queries.own_left(found, member),
        "amount": amount,
        "relief": None if amount is None else queries.relief(found, amount),
        "form": form,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "tokens/market/relief.html", context)
    status = 422 if form.errors and request.method == "POST" else 200
    return render(request, "tokens/market/ask.html", context, status=status)


def _place_ask(found: Auction, member: Member, form: AskForm) -> bool:
    return tried(
        form,
        lambda: services.place_ask(
            auction_id=found.pk,
            member=member,
            amount=form.cleaned_data["amount"],
            actor=member.user,
            key=f"{member.pk}:{form.cleaned_data['key']}",
        ),
    )


@require_POST
@member_required
def withdraw_bid(request: HttpRequest, bid_id: int) -> HttpResponse:
    """Take a bid back."""
    row = own(Bid, the_member(request), bid_id)
    return _withdrawn(request, row, lambda: services.withdraw_bid(
        bid_id=row.pk, actor=the_member(request).user
    ))  # fmt: skip


@require_POST
@member_required
def withdraw_ask(request: HttpRequest, ask_id: int) -> HttpResponse:
    """Take an ask back."""
    row = own(Ask, the_member(request), ask_id)
    return _withdrawn(request, row, lambda: services.withdraw_ask(
        ask_id=row.pk, actor=the_member(request).user
    ))  # fmt: skip


def _withdrawn(request: HttpRequest, row: Ask | Bid, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
        messages.success(request, _("Withdrawn."))
    except DomainError as error:
        messages.error(request, str(error))
    return back(row.auction)


@require_POST
@member_required
def withdraw_offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Take an offer for the close back."""
    offer = Offer.objects.filter(pk=offer_id, member=the_member(request)).first()
    if offer is None:
        raise Http404
    try:
        services.withdraw_offer(offer_id=offer.pk, actor=the_member(request).user)
        messages.success(request, _("Your offer is withdrawn."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("market:home"), status=303)


def own(model: type[Ask] | type[Bid], member: Member, number: int) -> Ask | Bid:
    """An ask or a bid of this member; others do not exist for them."""
    found = model.objects.filter(pk=number, member=member).first()
    if not isinstance(found, Ask | Bid):
        raise Http404
    return found


def back(found: Auction) -> HttpResponseRedirect:
    """See other: the auction's page."""
    return HttpResponseRedirect(reverse("market:auction", args=[found.pk]), status=303)
