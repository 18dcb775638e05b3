"""The reminders desk: who is late, which step was taken, what holds it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from members.access import the_user
from payments import services
from payments.models import Charge, Mail
from payments.pages.acting import (
    desk_reader_required,
    done,
    is_treasurer,
    onward,
    treasurer_required,
)
from payments.pages.forms import EmptyForm, ReasonForm
from payments.queries import defaults_in_force, overdue_charges, unsure_mails
from payments.services.reminders import HELD

PAGE = 50


@require_GET
@desk_reader_required
def desk(request: HttpRequest) -> HttpResponse:
    """Everything overdue, who is in default, letters that may not have gone."""
    page = Paginator(overdue_charges(timezone.localdate()), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "defaults": defaults_in_force(),
        "unsure": unsure_mails(),
        "treasurer": is_treasurer(request),
    }
    return render(request, "payments/desk/reminders.html", context)


@require_http_methods(["GET", "POST"])
@treasurer_required
def hold(request: HttpRequest, charge_id: int) -> HttpResponse:
    """Pause the reminders of a charge, or let them go on, with a reason."""
    charge = get_object_or_404(Charge.objects.select_related("member"), pk=charge_id)
    form, actor = ReasonForm(request.POST or None), the_user(request)
    held = charge.stops.order_by("-pk").values_list("kind", flat=True).first() in HELD

    def act() -> None:
        do = services.resume_reminders if held else services.pause_reminders
        do(charge_id=charge_id, reason=form.cleaned_data["reason"], actor=actor)

    if request.method == "POST" and done(form, act):
        message = _("Reminders go on.") if held else _("Reminders are paused.")
        return onward(request, reverse("payments:reminders_desk"), message)
    context = {"charge": charge, "form": form, "held": held, "stops": charge.stops.order_by("-pk")}
    return render(request, "payments/desk/hold.html", context, status=422 if form.errors else 200)


@require_POST
@treasurer_required
def again(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Let a letter that may not have gone wait again."""
    letter = get_object_or_404(Mail, pk=mail_id)
    done(EmptyForm(request.POST), lambda: services.send_again(mail_id=letter.pk))
    return onward(request, reverse("payments:reminders_desk"), _("The letter waits again."))
