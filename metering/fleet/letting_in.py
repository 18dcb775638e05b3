"""Letting a node in: the command for the box, its code, its words, and who agrees."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from metering import queries, services
from metering.access import request_for_steward
from metering.errors import NoSuchCode
from metering.forms import ApproveForm, CodeForm
from metering.models import EnrolmentRequest, Node
from metering.stewards import see
from signing import keys
from signing.words import fingerprint_words


@require_http_methods(["GET", "POST"])
@steward_required
def enrol(request: HttpRequest) -> HttpResponse:
    """What to type on the machine, and the code that it then shows."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if queries.waiting_requests().filter(user_code=code).exists():
            return see("metering:review", code=code)
        form.add_error("code", str(NoSuchCode()))
    context = {"form": form, "requests": queries.waiting_requests(), **commands(request)}
    status = 422 if form.errors else 200
    return render(request, "metering/enrol.html", context, status=status)


def commands(request: HttpRequest) -> dict[str, Any]:
    """What to paste on the box: this site's address, its key, where the agent's code lies."""
    site, key = request.build_absolute_uri("/").rstrip("/"), keys.public_key()
    agent, lite = (site + reverse(f"metering:{name}") for name in ("agent_zip", "lite_tar"))
    known = f"SERVER={site}\\nSERVER_KEY={key.hex()}\\n"
    home = "/opt/coop-agent"
    return {
        "install": f"python3 -m venv {home} && {home}/bin/pip install {agent}",
        "ask": f"{home}/bin/coop-agent enrol --server {site} --server-key {key.hex()}",
        "lite": f"wget -qO- {lite} | tar -xz -C / && mkdir -p /etc/coop-lite && "
        f"printf '{known}' > /etc/coop-lite/coop-lite.conf && coop-lite enrol",
        "server_key": key.hex(),
        "server_words": fingerprint_words(key),
    }


@require_http_methods(["GET", "POST"])
@steward_required
def review(request: HttpRequest, code: str) -> HttpResponse:
    """Compare the words of the key, name the node, let it in or turn it away."""
    asking = request_for_steward(code)
    form = ApproveForm(request.POST or None, initial={"label": asking.hostname})
    if "deny" in request.POST:
        services.deny_enrolment(actor=the_user(request), user_code=code)
        messages.success(request, _("The node was turned away."))
        return see("metering:nodes")
    node = approve(request, form, code) if request.method == "POST" else None
    if node is not None:
        messages.success(request, _("The node is in. It learns so within seconds."))
        return see("metering:node", uuid=node.uuid)
    return show_review(request, asking, form)


def approve(request: HttpRequest, form: ApproveForm, code: str) -> Node | None:
    """The node, or None with the reason on the form."""
    if not form.is_valid():
        return None
    try:
        return services.approve_enrolment(
            actor=the_user(request), user_code=code, **form.cleaned_data
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None


def show_review(request: HttpRequest, asking: EnrolmentRequest, form: ApproveForm) -> HttpResponse:
    """The page on which the words are compared."""
    words = fingerprint_words(bytes(asking.public_key))
    context = {"asking": asking, "form": form, "words": words.split("-")}
    return render(request, "metering/review.html", context, status=422 if form.errors else 200)
