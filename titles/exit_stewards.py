"""The stewards' pages of those who go: queues, runs, whose turn it is, beginning a way out."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.models import Member
from titles import exit_pages as pages
from titles import services
from titles.access import pool_or_404
from titles.exit_forms import ClassForm, ConfirmForm
from titles.exit_views import See
from titles.models import Leaving, RedemptionRequest

REASONS = {
    Member.State.EXPELLED: Leaving.Reason.EXPULSION,
    Member.State.DECEASED: Leaving.Reason.DEATH,
}


@require_GET
@steward_required
def desk(request: HttpRequest) -> HttpResponse:
    """Every queue, everybody who leaves, everybody under notice."""
    return render(request, "titles/exit/desk.html", pages.desk_context())


@require_http_methods(["GET", "POST"])
@steward_required
def queue(request: HttpRequest, code: str) -> HttpResponse:
    """One pool's queue; what serving it would book, worked out and taken back; serving it."""
    pool = pool_or_404(code)
    context = pages.queue_context(pool) | {"key": uuid.uuid4().hex}
    try:
        if request.method == "POST":
            key = f"form:{request.POST.get('key', '')[:60]}"
            services.serve_queue(pool=pool, at=timezone.now(), actor=the_user(request), key=key)
            messages.success(request, _("Served and booked. The payouts wait for approval."))
            return See(reverse("titles:exit_queue", args=[code]))
        if context["waiting"] and not context["suspension"]:
            run, rows = services.preview_queue(pool=pool, at=timezone.now())
            context |= {"run": run, "rows": rows, "totals": pages.totals(rows)}
    except DomainError as error:
        context["refusal"] = str(error)
    return render(
        request, "titles/exit/queue.html", context, status=422 if "refusal" in context else 200
    )


@require_http_methods(["GET", "POST"])
@steward_required
def set_class(request: HttpRequest, request_id: int) -> HttpResponse:
    """Whose turn a request takes, with the reason."""
    found = get_object_or_404(
        RedemptionRequest.objects.select_related("member", "pool"), pk=request_id
    )
    form = ClassForm(request.POST or None, initial={"klass": found.klass})
    if form.is_valid():
        try:
            services.set_class(request_id=found.pk, actor=the_user(request), **form.cleaned_data)
            return See(reverse("titles:exit_queue", args=[found.pool.code]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "found": found}
    return render(request, "titles/exit/class.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@steward_required
def begin(request: HttpRequest, member_id: int) -> HttpResponse:
    """Begin the way out of an expelled or deceased member."""
    member = get_object_or_404(pages.to_begin(), pk=member_id)
    reason = REASONS.get(Member.State(member.state))
    if reason is None:
        raise Http404
    form = ConfirmForm(
        request.POST or None, pools=pages.held_pools(member), initial={"key": uuid.uuid4().hex}
    )
    if form.is_valid():
        try:
            services.leave(
                member=member, plan=form.plan, text=form.cleaned_data["text"], reason=reason,
                actor=the_user(request), key=f"begin:{form.cleaned_data['key'].hex}",
            )  # fmt: skip
            messages.success(request, _("Begun. What is given back stands in the queue."))
            return See(reverse("titles:exits"))
        except DomainError as error:
            form.add_error(None, str(error))
    context = pages.leave_context(member) | {"form": form}
    return render(request, "titles/exit/begin.html", context, status=422 if form.errors else 200)
