"""A steward's pages on members' use: disputes, and corrections with a reason."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.models import Member
from metering import services
from metering.disputes.disputed import disputes_answered, disputes_of, disputes_waiting
from metering.disputes.forms import AnswerForm, CorrectionForm
from metering.links.views import sides_of
from metering.models import Dispute
from metering.queries import use_of
from metering.services.disputes import is_partial
from metering.stewards import see
from tokens.adjusted import adjustments_of
from tokens.queries import current_period, usage_of
from tokens.services.corrections import correct_usage

RECENT = 20


@require_GET
@steward_required
def disputes(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, and what was answered."""
    context = {"waiting": disputes_waiting(), "answered": disputes_answered()[:RECENT]}
    return render(request, "metering/disputes.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def answer(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Answer one dispute, with a correction where the member is right."""
    row = get_object_or_404(Dispute, pk=dispute_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _answer(request, row, form):
        messages.success(request, _("Answered. The member sees it on their usage."))
        return see("metering:disputes")
    own = is_partial(the_user(request), row)
    context = {"dispute": row, "form": form, "own": own} | sides_of(row)
    return render(request, "metering/answer.html", context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, row: Dispute, form: AnswerForm) -> bool:
    try:
        services.answer_dispute(dispute_id=row.pk, actor=the_user(request), **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


@require_http_methods(["GET", "POST"])
@steward_required
def member_usage(request: HttpRequest, number: int) -> HttpResponse:
    """What one member used in the running period, and a form to correct it."""
    member = get_object_or_404(Member, number=number)
    form = CorrectionForm(request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and _correct(request, member, form):
        messages.success(request, _("Corrected. The member sees it with its reason."))
        return see("metering:member_usage", number=number)
    period = current_period()
    context = {
        "whose": member,
        "form": form,
        "period": period,
        "uses": [] if period is None else use_of(member, period),
        "late": [] if period is None else adjustments_of(member, period),
        "corrections": [] if period is None else usage_of(member, period).filter(kind="correction"),
        "disputes": disputes_of(member)[:RECENT],
    }
    status = 422 if form.errors else 200
    return render(request, "metering/member_usage.html", context, status=status)


def _correct(request: HttpRequest, member: Member, form: CorrectionForm) -> bool:
    try:
        correct_usage(member=member, actor=the_user(request), **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True
