"""Pages of links: for stewards all, for members those that concern them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import member_required, steward_required, the_user
from members.queries import is_steward, member_of
from metering import services
from metering.disputes.disputed import evidence_of, is_told
from metering.links.forms import LinkForm
from metering.links.queries import disputes_of_link, hours_of, link_for, links_for
from metering.models import Dispute, LinkPair
from metering.stewards import see

PER_PAGE = 48


@require_GET
@login_required
def links(request: HttpRequest) -> HttpResponse:
    """The links that this reader may see, and how their last day went."""
    require_inside(request)
    context = {"links": links_for(request.user), "steward": is_steward(request.user)}
    return render(request, "metering/links.html", context)


def require_inside(request: HttpRequest) -> None:
    """Members and stewards alone."""
    if not (is_steward(request.user) or member_of(request.user)):
        raise PermissionDenied


@require_http_methods(["GET", "POST"])
@steward_required
def declare(request: HttpRequest) -> HttpResponse:
    """Say which meters count the same traffic."""
    form = LinkForm(request.POST or None)
    made = declared(request, form) if request.method == "POST" else None
    if made is not None:
        messages.success(request, _("Declared. From now on both ends are compared each hour."))
        return see("links:link", link_id=made.pk)
    status = 422 if form.errors else 200
    return render(request, "metering/link_new.html", {"form": form}, status=status)


def declared(request: HttpRequest, form: LinkForm) -> LinkPair | None:
    """The link, or None with the reason on the form."""
    if not form.is_valid():
        return None
    try:
        return services.declare_link(actor=the_user(request), **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return None


@require_GET
@login_required
def link(request: HttpRequest, link_id: int) -> HttpResponse:
    """One link: hour by hour what both ends say, and what came of it."""
    pair = link_for(request.user, link_id)
    page = Paginator(hours_of(pair), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "pair": pair,
        "page": page,
        "disputes": disputes_of_link(pair)[:20],
        "steward": is_steward(request.user),
    }
    return render(request, "metering/link.html", context)


@require_POST
@steward_required
def end(request: HttpRequest, link_id: int) -> HttpResponse:
    """The link is compared no more."""
    pair = get_object_or_404(LinkPair.objects.select_related("a_tx", "b_tx"), pk=link_id)
    services.end_link(actor=the_user(request), pair=pair)
    messages.success(request, _("Ended. What was compared until now stays."))
    return see("links:link", link_id=pair.pk)


@require_GET
@member_required
def dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """A dispute as its parties see it: what was said, and what both sides signed."""
    row = get_object_or_404(Dispute.objects.select_related("member", "pool", "resource"),
                            pk=dispute_id)  # fmt: skip
    member = member_of(request.user)
    own = row.member_id is not None and member is not None and row.member_id == member.pk
    if not (own or is_told(request.user, row) or is_steward(request.user)):
        raise Http404
    return render(request, "metering/dispute_seen.html", {"dispute": row} | sides_of(row))


def sides_of(row: Dispute) -> dict[str, Any]:
    """What is attached to a dispute, side by side, and the hours it is about."""
    found = list(evidence_of(row))
    sides = [
        {"node": node, "batches": [e.envelope for e in found if e.side == side]}
        for side, node in zip("ab", row.link.ends if row.link else (), strict=False)
    ]
    return {"sides": sides, "hours": row.hours.select_related("pair").order_by("hour", "way")}
