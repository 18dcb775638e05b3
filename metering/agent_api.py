"""What nodes talk to: plain views, for the refusals must be the protocol's to the letter.

No session, no cookie and no form: what counts is the signature in the body.
"""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError

from metering import queries, services, tasks
from metering.errors import NotEnrolled, SchemaError, WireError
from metering.payloads import spelled
from metering.services import limit
from metering.services.enrol import LIFETIME, POLL_SECONDS
from metering.services.signed import Result
from metering.wire import (
    address_of,
    envelope_from,
    node_named,
    problem,
    problem_of,
    read_envelopes,
    read_json,
)
from signing import dsse

log = logging.getLogger(__name__)
HINT_SECONDS, HINTED = 1.0, [-1.0]
View = Callable[..., HttpResponse]
NEW = ("accepted", "pending_gap", "held", "conflict")
"""results of what was not there before"""


def for_nodes(view: View) -> View:
    """POST only, no CSRF; a WireError becomes a problem."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return problem_of("method_not_allowed", 405, "POST is wanted")
        try:
            return view(request, **kwargs)
        except WireError as error:
            return problem(error)

    return guarded


@for_nodes
def enrol(request: HttpRequest) -> HttpResponse:
    """A node asks to be let in."""
    codes = services.start_enrolment(envelope=envelope_from(read_json(request)))
    shown = f"{codes.user_code[:4]}-{codes.user_code[4:]}"
    return JsonResponse(
        {
            "device_code": codes.device_code,
            "user_code": shown,
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": POLL_SECONDS,
        }
    )


@for_nodes
def poll(request: HttpRequest) -> HttpResponse:
    """A node asks whether it was let in."""
    body = read_json(request)
    if not isinstance(body, dict) or not isinstance(body.get("device_code"), str):
        raise SchemaError('the body is {"device_code": "…"}')
    answer = services.poll_enrolment(device_code=body["device_code"])
    return JsonResponse(answer.as_dict())


@for_nodes
def envelopes(request: HttpRequest) -> HttpResponse:
    """A node, or anybody for it, delivers envelopes."""
    limit.count_sender(address=address_of(request), node=node_named(request, "Coop-Node"))
    taken = read_envelopes(request)
    limit.look_at_signers(keyids=keyids_of(taken))
    results = services.accept_envelopes(envelopes=taken, via=via(request))
    limit.count_signers(keyids=sorted({r.keyid for r in results if r.status in NEW and r.keyid}))
    if any(result.status == "accepted" for result in results):
        hint_rating()
    if all(result.status == "rejected" for result in results):
        first = results[0]
        listed = [as_json(result) for result in results]
        return problem_of(first.code, first.http_status, "nothing was stored", results=listed)
    return JsonResponse(answer_to(request, results))


def keyids_of(taken: list[dsse.Envelope]) -> list[str]:
    """The keys that envelopes say they are signed by."""
    return sorted({signature.keyid for envelope in taken for signature in envelope.signatures})


@for_nodes
def allowances(request: HttpRequest) -> HttpResponse:
    """A node asks what the members whose meters it carries may use."""
    found = services.signed_allowances(envelope=envelope_from(read_json(request)))
    return JsonResponse(found.as_dict())


@for_nodes
def challenges(request: HttpRequest) -> HttpResponse:
    """A node asks which blocks of what it keeps it is to show."""
    found = services.signed_challenges(envelope=envelope_from(read_json(request)))
    return JsonResponse(found.as_dict())


def via(request: HttpRequest) -> str:
    """The node that delivers, as it calls itself; "" where it does not. A hint, like all such."""
    return node_named(request, "Coop-Relay") or node_named(request, "Coop-Node")


def answer_to(request: HttpRequest, results: list[Result]) -> dict[str, Any]:
    """The body of a 200."""
    read = [result.node for result in results if result.node]
    node = node_named(request, "Coop-Node") or (read[0] if read else "")
    return {
        "time": spelled(timezone.now()),
        "results": [as_json(result) for result in results],
        "next": queries.next_number(node),
        "next_receipt": services.head_receipt(uuid=node),
        "poll_s": settings.COOP_AGENT_SECONDS[-1],
        "config": services.configuration(queries.node_called(node))["etag"],
    }


def as_json(result: Result) -> dict[str, Any]:
    """A result as it travels."""
    return {
        "node": result.node,
        "epoch": result.epoch,
        "seq": result.seq,
        "chain": result.chain,
        "status": result.status,
        "code": result.code,
        "receipt": result.receipt,
    }


def hint_rating() -> None:
    """Tell a worker that something waits, once a second; else, and without a broker, the sweep
    finds it.
    """
    if time.monotonic() >= HINTED[0] + HINT_SECONDS:
        HINTED[0] = time.monotonic()
        transaction.on_commit(_send_hint)


def _send_hint() -> None:
    try:
        tasks.rate_waiting.apply_async(retry=False)
    except OperationalError:
        log.warning("no broker: the sweep will find what waits")


@require_GET
def config(request: HttpRequest, node: UUID) -> HttpResponse:
    """The signed configuration of a node."""
    row = queries.live_node(node)
    if row is None:
        return problem_of("not_enrolled", 404, str(NotEnrolled()))
    return JsonResponse(services.signed_configuration(node=row).as_dict())
