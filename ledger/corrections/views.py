"""The stewards' page of a correction: what is wrong, what would be booked, and booking it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger import queries
from ledger.access import reader_of
from ledger.corrections import services
from ledger.corrections.forms import CorrectionForm
from ledger.corrections.queries import reversed_by
from ledger.errors import AlreadyReversed, DomainError
from ledger.models import Account, Transaction
from ledger.services import Posting

View = Callable[..., HttpResponse]
PAGE = "ledger/correct.html"


@dataclass(frozen=True)
class Planned:
    """One transaction that a correction would book; `legs` are (account, amount)."""

    posting: Posting
    legs: Sequence[tuple[Account, int]]


def corrector_required(view: View) -> View:
    """Let only those in who may correct; others get 403, visitors the login page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not reader_of(request.user).corrects:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


@require_http_methods(["GET", "POST"])
@corrector_required
def correct(request: HttpRequest, txn: int) -> HttpResponse:
    """Ask what should have been booked; show what that books; book it."""
    row = get_object_or_404(Transaction.objects.select_related("reversed_by"), pk=txn)
    entries, reader = list(queries.entries_in(txn)), reader_of(request.user)
    form = CorrectionForm(request.POST or None, row, entries, reader)
    if "confirm" in request.POST and form.is_valid() and (done := booked(request, form)):
        return done
    plan = plan_of(form) if request.method == "POST" else []
    context = {
        "txn": row,
        "entries": entries,
        "form": form,
        "plan": plan,
        "reader": reader,
        "reversed_by": reversed_by(row),
    }
    shown = "ledger/correct_check.html" if plan and "change" not in request.POST else PAGE
    return render(request, shown, context, status=422 if form.errors else 200)


def plan_of(form: CorrectionForm) -> list[Planned]:
    """What the correction would book; empty where it is refused, which the form then says."""
    if not form.is_valid():
        return []
    try:
        moment = form.cleaned_data["effective_at"]
        postings = services.planned(form.txn, form.legs(), moment)
        if reversed_by(form.txn):
            raise AlreadyReversed
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return []
    return [Planned(posting, _named(posting)) for posting in postings]


def _named(posting: Posting) -> list[tuple[Account, int]]:
    accounts = Account.objects.select_related("commodity").in_bulk(
        [leg.account_id for leg in posting.legs]
    )
    return [(accounts[leg.account_id], leg.amount) for leg in posting.legs]


def booked(request: HttpRequest, form: CorrectionForm) -> HttpResponse | None:
    """Book the correction and lead to it; None where it is refused, which the form then says."""
    try:
        done = services.correct(
            txn_id=form.txn.pk,
            actor=request.user if request.user.is_authenticated else None,
            memo=form.cleaned_data["reason"],
            legs=form.legs(),
            effective_at=form.cleaned_data["effective_at"],
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
    messages.success(request, _("Corrected. The original stands in the books, taken back."))
    number = done.replacement or done.reversal
    return HttpResponseRedirect(reverse("ledger:transaction", args=[number]), status=303)
