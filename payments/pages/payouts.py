"""The payouts desk: approving by two, confirming, sending back, cancelling."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from members.access import the_user
from members.models import User
from payments import services
from payments.models import Payout, PayoutApproval
from payments.pages.acting import (
    desk_reader_required,
    done,
    is_treasurer,
    onward,
    treasurer_required,
)
from payments.pages.forms import ApproveForm, ExecutedForm, ReasonForm, ReturnedForm
from payments.queries import (
    payout_digest,
    payouts_approved,
    payouts_done,
    payouts_ordered,
    payouts_waiting,
)
from payments.services.payouts import current_account

GROUP = 8
Values = dict[str, Any]


@require_GET
@desk_reader_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for approval, what is approved, what is at the bank, what is done."""
    context = {
        "waiting": payouts_waiting(),
        "approved": payouts_approved(),
        "ordered": payouts_ordered(),
        "latest": payouts_done()[:20],
        "treasurer": is_treasurer(request),
    }
    return render(request, "payments/desk/payouts.html", context)


@require_GET
@desk_reader_required
def payout(request: HttpRequest, payout_id: int) -> HttpResponse:
    """One payout: what it is, who approved it, what can be done."""
    return show(request, the_payout(payout_id), {})


@require_POST
@treasurer_required
def take(request: HttpRequest, payout_id: int, step: str) -> HttpResponse:
    """Approve, confirm, note the return of, or cancel a payout."""
    if step not in STEPS:
        raise Http404
    found, (kind, do, message) = the_payout(payout_id), STEPS[step]
    form = kind(request.POST)
    if done(form, lambda: do(found, form.cleaned_data, the_user(request))):
        return onward(request, reverse("payments:payout", args=[payout_id]), str(message))
    return show(request, the_payout(payout_id), {step: form}, status=422)


def show(
    request: HttpRequest, found: Payout, bound: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page of a payout with its forms, those that were refused as they were typed."""
    digest, forms = payout_digest(found), forms_of(bound)
    forms["approve"].initial = {"digest": digest}
    given = PayoutApproval.objects.filter(payout=found, round=found.round)
    context = {
        "payout": found, "forms": forms, "refused": next(iter(bound.values()), None),
        "account": found.account or current_account(found.member_id),
        "digest": " ".join(digest[i : i + GROUP] for i in range(0, len(digest), GROUP)),
        "given": given.select_related("user__member").order_by("pk"),
        "events": found.events.select_related("by__member").order_by("-pk"),
        "may": may(request, found, {row.user_id for row in given}),
    }  # fmt: skip
    return render(request, "payments/desk/payout.html", context, status=status)


def forms_of(bound: dict[str, Any]) -> dict[str, Any]:
    """A form for each step, those that were refused as they were typed."""
    return {step: bound.get(step) or kind() for step, (kind, _do, _said) in STEPS.items()}


def may(request: HttpRequest, found: Payout, given: set[int]) -> dict[str, bool]:
    """Which steps the reader can take now; the services ask again."""
    treasurer, state = is_treasurer(request), found.state
    others = found.member.user_id != request.user.pk and request.user.pk not in given
    waits = state in (Payout.State.REQUESTED, Payout.State.RETURNED)
    return {
        "approve": treasurer and waits and others,
        "execute": treasurer and state in (Payout.State.APPROVED, Payout.State.ORDERED),
        "return": treasurer and state in (Payout.State.ORDERED, Payout.State.EXECUTED),
        "cancel": treasurer
        and found.source_account_id is not None
        and (waits or state == Payout.State.APPROVED),
    }


def the_payout(payout_id: int) -> Payout:
    """A payout with what its page shows; raises Http404."""
    return get_object_or_404(Payout.objects.select_related("member", "account"), pk=payout_id)


def _approve(found: Payout, values: Values, actor: User) -> None:
    services.approve_payout(payout_id=found.pk, digest=values["digest"], actor=actor)


def _execute(found: Payout, values: Values, actor: User) -> None:
    services.confirm_payout(
        reference=found.reference,
        amount=found.amount,
        booked_on=values["day"],
        key=f"by hand:{found.pk}:{found.round}:executed",
        actor=actor,
    )


def _return(found: Payout, values: Values, actor: User) -> None:
    services.return_payout(
        reference=found.reference,
        amount=found.amount,
        reason=values["reason"],
        booked_on=values["day"],
        key=f"by hand:{found.pk}:{found.round}:returned",
        actor=actor,
    )


def _cancel(found: Payout, values: Values, actor: User) -> None:
    services.cancel_payout(payout_id=found.pk, reason=values["reason"], actor=actor)


Step = tuple[type[Any], Callable[[Payout, Values, User], None], Promise]
STEPS: dict[str, Step] = {
    "approve": (ApproveForm, _approve, _("Your approval is noted.")),
    "execute": (ExecutedForm, _execute, _("The payout is booked as executed.")),
    "return": (ReturnedForm, _return, _("The payout is payable again.")),
    "cancel": (ReasonForm, _cancel, _("The payout is cancelled, and the sum is back.")),
}
