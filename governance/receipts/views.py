"""Pages of receipts: one's own, one entry for everybody, and checking any file."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import access
from governance.notices.mail import tell
from governance.receipts.checking import check
from governance.receipts.forms import CheckForm
from governance.receipts.making import receipt_file
from governance.receipts.pages import entry_context, holds, receipt_context
from governance.views import See


@login_required
@require_GET
def receipt(request: HttpRequest, proposal_id: int, index: int) -> HttpResponse:
    """What a voter keeps, and whether it still fits the board."""
    ballot = access.own_ballot(request, proposal_id, index)
    return render(request, "governance/receipt.html", receipt_context(ballot))


@login_required
@require_GET
def download(request: HttpRequest, proposal_id: int, index: int) -> HttpResponse:
    """The receipt as a file, to keep and to check elsewhere."""
    ballot = access.own_ballot(request, proposal_id, index)
    name = f"receipt-{proposal_id}-{index}.json"
    answer = JsonResponse(receipt_file(ballot), json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def mail(request: HttpRequest, proposal_id: int, index: int) -> HttpResponse:
    """The codes of the receipt by mail, once, with one link that needs no login."""
    ballot = access.own_ballot(request, proposal_id, index)
    with transaction.atomic(durable=True):
        tell(
            [ballot.member],
            kind="receipt",
            context={"proposal": ballot.proposal, "ballot": ballot},
            path=reverse("governance:entry", args=[proposal_id, ballot.leaf]),
            key=f"receipt:{proposal_id}:{index}",
        )
    messages.success(request, _("The receipt is on its way to you by mail."))
    return See(reverse("governance:receipt", args=[proposal_id, index]))


@require_GET
def entry(request: HttpRequest, proposal_id: int, leaf: str) -> HttpResponse:
    """Whether a leaf is on the board, for whoever has its hash; says nothing of whose it is."""
    proposal = access.public_proposal(proposal_id)
    context = entry_context(proposal, leaf)
    status = 200 if context["index"] else 404
    return render(request, "governance/entry.html", context, status=status)


@require_http_methods(["GET", "POST"])
def check_any(request: HttpRequest) -> HttpResponse:
    """Any receipt checked, for anybody; nothing is kept."""
    form = CheckForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        lines = check(form.cleaned_data["receipt"])
        context |= {"lines": lines, "holds": holds(lines), "given": form.cleaned_data["receipt"]}
    status = 422 if form.errors else 200
    return render(request, "governance/check_receipt.html", context, status=status)
