"""Taking an objection back, and ruling on one."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from governance import access, services
from governance.models import ConsentObjection
from governance.views import See
from ledger.errors import DomainError
from members.access import the_user
from members.queries import is_auditor


class RulingForm(forms.Form):
    """Why an objection is out of order."""

    reason = forms.CharField(
        label=gettext_lazy("Why is it out of order?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Everybody who may read the objection reads it too."),
    )


def page_of(proposal_id: int) -> See:
    """Lead back to the objections."""
    return See(reverse("governance:decision", args=[proposal_id]) + "#consent")


@login_required
@require_POST
def withdraw(request: HttpRequest, proposal_id: int, objection_id: int) -> HttpResponse:
    """Take one's own objection back."""
    row = get_object_or_404(ConsentObjection, proposal=proposal_id, pk=objection_id)
    member, actor = access.voting_member(request), the_user(request)
    try:
        services.withdraw_consent_objection(objection_id=row.pk, member=member, actor=actor)
        messages.success(request, _("Your objection is taken back. Vote again if you consent now."))
    except DomainError as error:
        messages.error(request, str(error))
    return page_of(proposal_id)


@login_required
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, proposal_id: int, objection_id: int) -> HttpResponse:
    """An auditor's ruling, with its reason."""
    row = get_object_or_404(ConsentObjection, proposal=proposal_id, pk=objection_id)
    if not is_auditor(request.user):
        raise PermissionDenied
    form = RulingForm(request.POST or None)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            services.rule_out_of_order(objection_id=row.pk, actor=the_user(request), reason=reason)
            return page_of(proposal_id)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "objection": row, "proposal": row.proposal}
    return render(request, "governance/rule.html", context, status=422 if form.errors else 200)
