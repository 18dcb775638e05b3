"""A steward's pages: nodes, their meters, letting new ones in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import steward_required, the_user
from metering import queries, services
from metering.access import assignment_of, node_for_steward, request_for_steward
from metering.errors import NoSuchCode
from metering.forms import ApproveForm, AssignForm, CodeForm, StateForm
from metering.models import EnrolmentRequest, Node
from metering.voucher_forms import AssetForm
from signing.words import fingerprint_words

RECENT = 8


def see(name: str, **names: Any) -> HttpResponseRedirect:
    """See other: the page that shows what was done."""
    response = HttpResponseRedirect(reverse(name, kwargs=names))
    response.status_code = 303
    return response


@require_GET
@steward_required
def nodes(request: HttpRequest) -> HttpResponse:
    """Every node: its state, when it was last heard, what is missing."""
    context = {"nodes": queries.nodes(), "requests": queries.waiting_requests()}
    return render(request, "metering/nodes.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def enrol(request: HttpRequest) -> HttpResponse:
    """Enter the code that a node shows."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if queries.waiting_requests().filter(user_code=code).exists():
            return see("metering:review", code=code)
        form.add_error("code", str(NoSuchCode()))
    status = 422 if form.errors else 200
    return render(request, "metering/enrol.html", {"form": form}, status=status)


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


@require_GET
@steward_required
def node(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One node: its meters and whose use they measure, what came in, what is missing."""
    return show_node(request, node_for_steward(uuid))


def show_node(request: HttpRequest, row: Node, **forms: Form) -> HttpResponse:
    """The node's page; a form that was refused stands in the place of the empty one."""
    bad = any(form.errors for form in forms.values())
    context = {
        "node": row,
        "meters": queries.meters_of(row),
        "arrivals": queries.arrivals_of(row)[:RECENT],
        "gaps": queries.gaps_of(row)[:RECENT],
        "impossible": queries.held_readings(row)[:RECENT],
        "missing": queries.missing_numbers(row),
        "changes": row.state_changes.select_related("actor").order_by("-pk"),
        "assign_form": AssignForm(row),
        "state_form": StateForm(initial={"state": row.state}),
        "asset_form": AssetForm(row),
        **forms,
    }
    return render(request, "metering/node.html", context, status=422 if bad else 200)


@require_POST
@steward_required
def assign(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """From now on a meter measures a member's use."""
    row = node_for_steward(uuid)
    form = AssignForm(row, request.POST)
    if form.is_valid():
        try:
            services.assign_meter(actor=the_user(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Assigned. What is measured from now on counts."))
            return see("metering:node", uuid=uuid)
    return show_node(request, row, assign_form=form)


@require_POST
@steward_required
def end(request: HttpRequest, uuid: UUID, assignment_id: int) -> HttpResponse:
    """A meter measures nobody's use any more."""
    assignment = assignment_of(node_for_steward(uuid), assignment_id)
    services.end_assignment(actor=the_user(request), assignment=assignment)
    messages.success(request, _("Ended. What was measured until now stays counted."))
    return see("metering:node", uuid=uuid)


@require_POST
@steward_required
def state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Hold a node's evidence back from rating, release it, or revoke the node."""
    row = node_for_steward(uuid)
    form = StateForm(request.POST)
    if form.is_valid():
        services.set_node_state(actor=the_user(request), node=row, **form.cleaned_data)
        messages.success(request, _("Decided and written down."))
        return see("metering:node", uuid=uuid)
    return show_node(request, row, state_form=form)
