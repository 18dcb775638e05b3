"""The fleet for everybody: the list, one node, one batch, the map. What each sees: sight.py."""

import json
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from metering import queries
from metering.evidence import as_signed, receipt_of
from metering.fleet import decisions, listing, proof
from metering.fleet.coverage import coverage_of
from metering.fleet.forms import FleetFilter
from metering.fleet.linkmap import link_map
from metering.fleet.links import links_at
from metering.fleet.meters import rows_of
from metering.fleet.sight import (
    Sight,
    batch_or_404,
    may_read_batch,
    name_of,
    node_or_404,
    sight_of,
)
from metering.forms import AssignForm
from metering.models import Envelope, Node
from metering.vouchers.forms import AssetForm
from signing.words import fingerprint_words

RECENT = 8
BATCHES = 10
RECORDS = 50


@require_GET
def nodes(request: HttpRequest) -> HttpResponse:
    """Every node: its state, when it was last heard, what is missing."""
    sight, form = sight_of(request.user), FleetFilter(request.GET)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    context = {
        "sight": sight,
        "form": form,
        "chosen": any(asked.values()),
        "page": listing.page_of(
            sight,
            state=asked.get("state", ""),
            pool=asked.get("pool"),
            number=request.GET.get("page"),
        ),
        "requests": queries.waiting_requests() if sight.steward else [],
    }
    return render(request, "metering/nodes.html", context)


@require_GET
def node(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One node: who it is, how well it is measured, what came in, what was decided."""
    return show_node(request, node_or_404(uuid))


def show_node(request: HttpRequest, row: Node, **forms: Form) -> HttpResponse:
    """The node's page; a form that was refused stands in the place of the empty one."""
    bad = any(form.errors for form in forms.values())
    sight = sight_of(request.user)
    context = {**seen_by_all(row, sight), **seen_inside(request, row, sight)}
    if sight.steward:
        context |= {
            "assign_form": AssignForm(row),
            "asset_form": AssetForm(row),
            "impossible": queries.held_readings(row)[:RECENT],
            "actions": decisions.possible(row),
            "rotations": decisions.rotations_waiting(row),
            **forms,
        }
    return render(request, "metering/node.html", context, status=422 if bad else 200)


def seen_by_all(row: Node, sight: Sight) -> dict[str, Any]:
    """What the public sees: identity, state and its history, coverage, links."""
    [described] = listing.described(list(listing.counted().filter(pk=row.pk)), sight)
    keys = [(key, fingerprint_words(bytes(key.public_key))) for key in row.keys.order_by("-epoch")]
    return {
        "node": row,
        "sight": sight,
        "name": name_of(row, sight),
        "row": described,
        "keys": keys,
        "coverage": coverage_of(row),
        "changes": row.state_changes.select_related("actor").order_by("-pk")[:BATCHES],
        "links": links_at(row, sight),
        "reputation": decisions.reputation(row),
    }


def seen_inside(request: HttpRequest, row: Node, sight: Sight) -> dict[str, Any]:
    """What members see besides: meters, batches, gaps, what is missing."""
    if not sight.inside:
        return {"meters": [], "batches": None}
    arrivals = queries.arrivals_of(row).select_related("receipt")
    return {
        "meters": rows_of(row, sight),
        "batches": Paginator(arrivals, BATCHES).get_page(request.GET.get("page")),
        "gaps": queries.gaps_of(row)[:RECENT],
        "missing": queries.missing_numbers(row),
        "disputes": decisions.disputes_at(row, sight)[:RECENT],
    }


@require_GET
def batch(request: HttpRequest, uuid: UUID, epoch: int, seq: int) -> HttpResponse:
    """One batch: what was signed, whether it holds now, and what became of each record."""
    sight = sight_of(request.user)
    if not sight.inside:
        raise PermissionDenied
    row = batch_or_404(node_or_404(uuid), epoch, seq)
    found = proof.proof_of(row, sight)
    marked = number_in(request.GET.get("record", ""))
    last = len(found.said["records"]) if found.said else last_position(row)
    number = request.GET.get("page") or (max(marked, 1) - 1) // RECORDS + 1
    page = Paginator(range(1, last + 1), RECORDS).get_page(number)
    context = {
        "sight": sight,
        "proof": found,
        "name": name_of(row.node, sight),
        "page": page,
        "records": proof.records_of(found, sight, list(page.object_list)),
        "marked": marked,
        "payload": found.said and indented({**found.said, "records": "…"}),
        "receipt": found.receipt and indented(found.receipt),
        "public_key": bytes(found.key.public_key).hex(),
        "address": request.build_absolute_uri("/"),
    }
    return render(request, "metering/batch.html", context)


def number_in(text: str) -> int:
    """A small number out of an address; 0 where it is none."""
    return int(text) if text.isdecimal() and 0 < len(text) < 6 else 0


def last_position(row: Envelope) -> int:
    """How far an expired batch's readings go."""
    rows = row.readings.filter(received_at=row.received_at).order_by("-position")
    return rows.values_list("position", flat=True).first() or 0


def indented(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@require_GET
def envelope_file(request: HttpRequest, uuid: UUID, epoch: int, seq: int) -> HttpResponse:
    """The signed bytes of a batch as they travelled, for those who may see all of it."""
    row = batch_or_404(node_or_404(uuid), epoch, seq)
    if not may_read_batch(sight_of(request.user), row):
        raise PermissionDenied
    if not row.payload:
        raise Http404
    return download(as_signed(row).as_dict(), f"batch-{epoch}-{seq}.json")


@require_GET
def conflict_file(
    request: HttpRequest, uuid: UUID, epoch: int, seq: int, number: int
) -> HttpResponse:
    """Another batch under the same number, for stewards: it may hold anybody's use."""
    row = batch_or_404(node_or_404(uuid), epoch, seq)
    found = [other for other in proof.conflicts_of(row) if other.pk == number]
    if not sight_of(request.user).steward:
        raise PermissionDenied
    if not found:
        raise Http404
    name = f"batch-{epoch}-{seq}-conflict-{number}.json"
    return download(proof.conflict_as_signed(found[0]).as_dict(), name)


@require_GET
def receipt_file(request: HttpRequest, uuid: UUID, epoch: int, seq: int) -> HttpResponse:
    """The receipt of a batch as it was signed; it says nothing of anybody's use."""
    if not sight_of(request.user).inside:
        raise PermissionDenied
    document = receipt_of(batch_or_404(node_or_404(uuid), epoch, seq))
    if document is None:
        raise Http404
    return download(document.as_dict(), f"receipt-{epoch}-{seq}.json")


def download(value: dict[str, Any], name: str) -> HttpResponse:
    """A signed document as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(value, json_dumps_params={"indent": 1}, headers=headers)


@require_GET
def links(request: HttpRequest) -> HttpResponse:
    """The map: nodes and links as a picture, and the same as a table."""
    sight = sight_of(request.user)
    return render(request, "metering/link_map.html", {"map": link_map(sight), "sight": sight})
