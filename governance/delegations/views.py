"""Pages of votes in other hands."""

import uuid
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from governance import clock
from governance.access import proposal_for
from governance.delegations import services
from governance.delegations.forms import ProxyForm, StandingForm
from governance.delegations.in_force import rules_of
from governance.delegations.queries import given_by, held_by
from governance.delegations.showing import AREAS
from governance.models import Delegation, Proposal
from members.access import member_required, the_member, the_user
from members.asking import Ask, ask
from members.models import Member
from policies.queries import policy

Said = dict[str, Any]


@member_required
@require_GET
def delegations(request: HttpRequest) -> HttpResponse:
    """Whom I named, and who named me."""
    member = the_member(request)
    now = clock.now()
    context = {
        "given": given_by(member),
        "held": held_by(member),
        "areas": AREAS,
        "enabled": policy("delegation_enabled", now),
        "heads": policy("proxy_heads", now),
        "share": policy("proxy_share", now),
    }
    return render(request, "governance/delegations/mine.html", context)


@member_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Name somebody for all votes, or an area, until a day."""
    enabled = bool(policy("delegation_enabled", clock.now()))
    form = StandingForm(enabled, request.POST or None, initial={"key": uuid.uuid4().hex})
    lede = _(
        "Where you do not vote, they vote for you. Your own ballot always goes first, and you can "
        "take it back at any time. In secret votes nobody votes for you."
    )
    back = reverse("governance:delegations")
    page = Ask(_("Name somebody"), lede, _("Name them"), back, _("Proxies and delegations"))
    return ask(request, page, form, lambda said: named(request, form))


@member_required
@require_http_methods(["GET", "POST"])
def give_proxy(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Name somebody for one vote."""
    proposal = proposal_for(request, proposal_id)
    enabled = proposal.terms is not None and rules_of(proposal).enabled
    form = ProxyForm(proposal, enabled, request.POST or None, initial={"key": uuid.uuid4().hex})
    lede = _("They vote for you on “%(title)s” if you do not. Your own ballot always goes first.")
    back = reverse("governance:decision", args=[proposal.pk])
    words = lede % {"title": proposal.title}
    page = Ask(_("Give a proxy"), words, _("Give it"), back, proposal.title)
    return ask(request, page, form, lambda said: named(request, form))


def named(request: HttpRequest, form: ProxyForm | StandingForm) -> str:
    """The word given as the form says."""
    holder: Member = form.cleaned_data["holder"]
    services.give(
        giver=the_member(request),
        holder=holder,
        meant=form.meant(),
        actor=the_user(request),
        key=form.cleaned_data["key"],
    )
    return _("%(name)s votes for you where you do not.") % {"name": holder.name}


@member_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """Take a word back, or lay it down."""
    member = the_member(request)
    row = own_delegation(member, delegation_id)
    own = row.giver == member
    lede = (
        _("%(name)s then no longer votes for you.")
        if own
        else _("You then no longer vote for %(name)s.")
    )
    words = lede % {"name": row.holder.name if own else row.giver.name}
    verb = _("Take it back") if own else _("Lay it down")
    heading = row.get_kind_display().capitalize()
    page = Ask(heading, words, verb, back_from(row), _("Proxies and delegations"))

    def act(said: Said) -> str:
        services.revoke(delegation_id=row.pk, member=member, actor=the_user(request))
        return _("It is over.")

    sent = request.POST if request.method == "POST" else None
    return ask(request, page, forms.Form(sent), act)


def own_delegation(member: Member, delegation_id: int) -> Delegation:
    """A word that a member gave or holds; raises Http404."""
    rows = Delegation.objects.select_related("giver", "holder", "proposal")
    return get_object_or_404(rows.filter(Q(giver=member) | Q(holder=member)), pk=delegation_id)


def back_from(row: Delegation) -> str:
    """Where it was taken back from: its vote's page, or the list."""
    proposal: Proposal | None = row.proposal
    if proposal is None:
        return reverse("governance:delegations")
    return reverse("governance:decision", args=[proposal.pk])
