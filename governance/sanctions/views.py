"""Pages of sanctions: of the stewards, of the member, of a panel; and the lot for everybody."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import clock
from governance.sanctions import access, appeals, draw, queries, services
from governance.sanctions.forms import AppealForm, ReasonForm, SanctionForm, VoteForm
from governance.views import See
from ledger.errors import DomainError
from members.access import (
    auditor_required,
    on_register_required,
    steward_required,
    the_one_on_the_register,
    the_user,
)
from members.asking import Ask, ask
from members.queries import is_steward, member_of

Said = dict[str, Any]


@auditor_required
@require_GET
def sanctions(request: HttpRequest) -> HttpResponse:
    """What runs, and what was."""
    now = clock.now()
    rows = queries.sanctions()
    context = {
        "running": queries.in_force(now),
        "past": rows.exclude(pk__in=queries.in_force(now).values("pk"))[:50],
        "steward": is_steward(request.user),
    }
    return render(request, "governance/sanctions/list.html", context)


@steward_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """One step of the ladder against a member."""
    initial = {"key": uuid.uuid4().hex, "member": request.GET.get("member", "")}
    form = SanctionForm(request.POST or None, initial=initial)
    lede = _(
        "First a warning, then a limit, then a suspension. Each ends by itself, and the member can "
        "appeal to a panel drawn by lot."
    )
    back = reverse("governance:sanctions")
    page = Ask(_("Sanction"), lede, _("Put it on"), back, _("Sanctions"), danger=True)

    def act(said: Said) -> str:
        row = services.sanction(member_id=said.pop("member").pk, actor=the_user(request), **said)
        return _("%(name)s was told.") % {"name": row.member.name}

    return ask(request, page, form, act)


@on_register_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """A member's own sanctions, and the panels on which they sit."""
    member = the_one_on_the_register(request)
    context = {
        "rows": queries.of_member(member),
        "seats": queries.waiting_for(member),
        "now": clock.now(),
    }
    return render(request, "governance/sanctions/mine.html", context)


@login_required
@require_GET
def sanction(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """Who, why, until when; the appeal and what came of it."""
    row = access.sanction_for(request, sanction_id)
    made = getattr(row, "appeal", None)
    context = {
        "row": row,
        "appeal": made,
        "votes": queries.sitting(made).exclude(vote="") if made and made.result else [],
        "runs": row.ended_at is None and row.until > clock.now(),
        "own": row.member == member_of(request.user),
        "may_end": access.may_end(request, row),
    }
    return render(request, "governance/sanctions/sanction.html", context)


@steward_required
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """End one before its time."""
    row = access.sanction_for(request, sanction_id)
    back = reverse("governance:sanction", args=[row.pk])
    lede = _("It is over at once, and so is what it took away. The member reads the reason.")
    page = Ask(_("End the sanction"), lede, _("End it"), back, _("Sanction"))

    def act(said: Said) -> str:
        services.end_early(sanction_id=row.pk, actor=the_user(request), **said)
        return _("The sanction is over.")

    return ask(request, page, ReasonForm(request.POST or None), act)


@on_register_required
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest, sanction_id: int) -> HttpResponse:
    """The member's appeal; sending it draws the panel."""
    row = access.sanction_for(request, sanction_id)
    back = reverse("governance:sanction", args=[row.pk])
    lede = _("The lot draws members who are not involved. They read both sides and vote.")
    page = Ask(_("Appeal"), lede, _("Appeal, and draw the panel"), back, _("Sanction"))

    def act(said: Said) -> str:
        member = the_one_on_the_register(request)
        appeals.appeal(sanction_id=row.pk, member=member, actor=the_user(request), **said)
        return _("The panel is drawn, and was told.")

    return ask(request, page, AppealForm(request.POST or None), act)


@login_required
@require_http_methods(["GET", "POST"])
def panel(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Both sides, and a panelist's vote."""
    row, member = access.panel_for(request, appeal_id)
    form = VoteForm(request.POST or None)
    if form.is_valid():
        try:
            said = form.cleaned_data
            appeals.answer(appeal_id=row.pk, member=member, actor=the_user(request), **said)
            messages.success(request, _("Your vote is taken."))
            return See(reverse("governance:panel", args=[row.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    seat = row.panel.get(member=member)
    context = {"appeal": row, "row": row.sanction, "seat": seat, "form": form}
    status = 422 if form.errors else 200
    return render(request, "governance/sanctions/panel.html", context, status=status)


@login_required
@require_POST
def decline(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """A seat given to the next one of the lot."""
    row, member = access.panel_for(request, appeal_id)
    try:
        appeals.decline(appeal_id=row.pk, member=member, actor=the_user(request))
        messages.success(request, _("The next one of the lot takes your place."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:my_sanctions"))


@require_GET
def lot(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """How a panel was drawn, for anybody to repeat; it names no member but by number."""
    row = get_object_or_404(queries.appeals(), pk=appeal_id)
    context = {"appeal": row, "draw": row.draw, "holds": draw.is_repeated(row.draw)}
    return render(request, "governance/sanctions/lot.html", context)
