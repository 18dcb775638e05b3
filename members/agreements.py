"""The bylaws as pages: the ones in force, every version, and publishing a new one."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from members import queries, services
from members.access import steward_required, the_user
from members.asking import Ask, ask
from members.forms import BylawsForm
from members.mandates import mandate, proposing
from members.models import BylawsVersion, User


@require_GET
def read_bylaws(request: HttpRequest) -> HttpResponse:
    """The bylaws in force, and the other versions."""
    return show(request, queries.bylaws_in_force())


@require_GET
def version(request: HttpRequest, version: str) -> HttpResponse:
    """One version of the bylaws, in force or not."""
    row = get_object_or_404(BylawsVersion, version=version)
    return show(request, row)


def show(request: HttpRequest, row: BylawsVersion) -> HttpResponse:
    """The page of one version.

    A paragraph that comes with the software is shown in the reader's language, others as written.
    """
    context = {
        "bylaws": row,
        "paragraphs": [_(line) for line in row.text.splitlines() if line.strip()],
        "in_force": row.version == queries.bylaws_in_force().version,
        "versions": BylawsVersion.objects.order_by("-valid_from", "-pk"),
        "acts": queries.is_steward(request.user),
    }
    return render(request, "members/bylaws.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a new version; every member is asked to accept it."""
    current = queries.bylaws_in_force()
    initial = {"text": current.text, "valid_from": timezone.localdate()}
    lede = _(
        "The text is kept for ever as it is here, with its hash. Every member is asked to accept "
        "it from the day on which it comes into force."
    )
    back = reverse("members:bylaws")
    page = Ask(
        _("New bylaws"), lede, _("Publish the bylaws"), back, _("Bylaws"), danger=True,
        mandate=mandate("bylaws_by_vote"), vote=proposing("change_bylaws"),
    )  # fmt: skip
    form = BylawsForm(request.POST or None, initial=initial)
    return ask(request, page, form, partial(_publish, the_user(request)))


def _publish(actor: User, said: dict[str, Any]) -> str:
    row = services.publish_bylaws(actor=actor, **said)
    return _("Version %(version)s is published.") % {"version": row.version}
