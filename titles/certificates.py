"""Titles as pages: one's own, and what anyone may check."""

from typing import Any

import segno
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from assets.models import Pool
from assets.queries import pools
from ledger.access import reader_of
from ledger.log import tree
from ledger.log.showing import document_or_none
from members.access import member_required, the_member
from members.models import Member, NumberVoid
from signing import dsse, keys
from titles import queries
from titles.access import title_for
from titles.certificate import document_digest
from titles.forms import NumberForm
from titles.models import Title
from titles.papers.chain import chain_of
from titles.verify import is_genuine


@require_GET
@member_required
def mine(request: HttpRequest) -> HttpResponse:
    """A member's titles, pool by pool, and the credit that waits to become shares."""
    member = the_member(request)
    found = [_owned(member, pool) for pool in pools()]
    owned = [entry for entry in found if entry["titles"] or entry["credit"] or entry["ahead"]]
    purchases = queries.subscriptions_of(member)[:20]
    return render(request, "titles/mine.html", {"owned": owned, "purchases": purchases})


def _owned(member: Member, pool: Pool) -> dict[str, Any]:
    """What a member owns of a pool; what was paid ahead for one thing stands by itself."""
    lots = [lot for lot in queries.credit_lots(member, pool) if lot.left]
    return {
        "pool": pool,
        "units": queries.units_of(member, pool),
        "titles": queries.titles_of(member).filter(pool=pool),
        "lots": [lot for lot in lots if not lot.is_ahead],
        "ahead": [lot for lot in lots if lot.is_ahead],
        "credit": sum(lot.left for lot in lots if not lot.is_ahead),
    }


@require_GET
@login_required
def title(request: HttpRequest, number: int) -> HttpResponse:
    """The certificate, for its holder: to read, print and download."""
    found = title_for(request.user, number)
    context = _shown(request, found) | in_the_log(found)
    return render(request, "titles/title.html", context)


def in_the_log(found: Title) -> dict[str, object]:
    """What its holder can show of a title: the salt, and its place in the log of the books."""
    salt = bytes(found.salt)
    place = document_or_none(document_digest(bytes(found.envelope), salt))
    return {"salt": salt.hex(), "proof": place, "log_key": tree.verifier_key().text()}


def _shown(request: HttpRequest, found: Title) -> dict[str, object]:
    address = request.build_absolute_uri(reverse("titles:verify_number", args=[found.number]))
    return {
        "title": found,
        "facts": queries.facts_of(found),
        "is_genuine": is_genuine(bytes(found.envelope), keys.public_key()),
        "is_live": queries.is_live(found),
        "chain": chain_of(found),
        "address": address,
        "code": _code(address),
        "may_name": reader_of(request.user).may_name(f"member/{found.member_id}"),
        "keyid": dsse.keyid(keys.public_key()),
    }


def _code(address: str) -> SafeString:
    svg = segno.make(address, error="m").svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    # Made by the QR library out of modules alone: the address is not in it as text.
    return mark_safe(svg)


@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a title by its number."""
    form = NumberForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        number = form.cleaned_data["number"]
        return HttpResponseRedirect(reverse("titles:verify_number", args=[number]), status=303)
    context = {"form": form, "public_key": keys.public_key().hex()}
    return render(request, "titles/verify.html", context, status=422 if form.errors else 200)


@require_GET
def verify_number(request: HttpRequest, number: int) -> HttpResponse:
    """What anyone may know of a title: valid, passed on, cancelled, or never issued."""
    found = queries.title_by_number(number)
    if found is None:
        void = NumberVoid.objects.filter(kind="title", number=number).first()
        context = {"number": number, "void": void}
        return render(request, "titles/unknown.html", context, status=404)
    return render(request, "titles/verified.html", _shown(request, found))
