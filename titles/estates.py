"""The stewards' pages of estates: what the deceased held, and passing it on to their heirs."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.models import Member, Nominee
from titles import services
from titles.heritage import estate_of, estates_waiting, passed_on
from titles.moving_forms import HeirsForm


@require_GET
@steward_required
def estates(request: HttpRequest) -> HttpResponse:
    """Which deceased members still hold something, and what was passed on."""
    context = {"waiting": estates_waiting(), "done": passed_on()[:20]}
    return render(request, "titles/estates.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def estate(request: HttpRequest, member_id: int) -> HttpResponse:
    """What one of them held; who inherits it."""
    deceased = get_object_or_404(Member, pk=member_id, state=Member.State.DECEASED)
    form = HeirsForm(request.POST or None, initial={"key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _pass_on(request, form, deceased):
        messages.success(request, _("The estate has gone to its heirs."))
        return HttpResponseRedirect(reverse("titles:estates"), status=303)
    context = {"deceased": deceased, "estate": estate_of(deceased), "form": form}
    context |= {"nominee": _nominee_of(deceased), "done": passed_on().filter(deceased=deceased)}
    return render(request, "titles/estate.html", context, status=422 if form.errors else 200)


def _nominee_of(deceased: Member) -> Nominee | None:
    """Whom the member named, as a hint: it proves nothing."""
    named = Nominee.objects.filter(member=deceased, revoked_at=None)
    return named.select_related("nominee_member").first()


def _pass_on(request: HttpRequest, form: HeirsForm, deceased: Member) -> bool:
    asked: dict[str, Any] = form.cleaned_data
    try:
        services.pass_on_estate(
            deceased=deceased,
            heirs=asked["heirs"],
            evidence=asked["evidence"],
            actor=the_user(request),
            key=f"form:{deceased.pk}:{asked['key'].hex}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors
