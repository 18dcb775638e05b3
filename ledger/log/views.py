"""The log as pages, and its proofs as files. Nothing here writes."""

import json
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from ledger.access import reader_of
from ledger.errors import DomainError
from ledger.log import proofs, showing, tree
from ledger.log.api import consistency_facts
from ledger.log.forms import HeldForm
from ledger.log.proofs import NotInTheLog
from ledger.log.showing import Shown
from ledger.models import Checkpoint
from signing import dsse
from signing.words import fingerprint_words

RECENT = 20
TEXT = "text/plain; charset=utf-8"


@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """What the log is, its newest head, its key; and whether a head that was kept is part of it."""
    form = HeldForm(request.GET if "checkpoint" in request.GET else None)
    context = log_context() | {"form": form, "held": form.held if form.is_valid() else None}
    return render(request, "ledger/log/log.html", context, status=422 if form.errors else 200)


def log_context() -> dict[str, Any]:
    """What the page says of the log as it stands."""
    key = tree.verifier_key()
    heads = list(Checkpoint.objects.order_by("-size")[:RECENT])
    return {
        "head": heads[0] if heads else None,
        "heads": heads,
        "key": key,
        "keyid": dsse.keyid(key.public_key),
        "words": fingerprint_words(key.public_key),
    }


@require_GET
def checkpoint(request: HttpRequest, size: int) -> HttpResponse:
    """A head that was signed earlier, as it was signed."""
    head = get_object_or_404(Checkpoint, pk=size)
    return attachment(head.note, f"checkpoint-{size}.txt", TEXT)


@require_GET
def consistency(request: HttpRequest, old: int) -> HttpResponse:
    """That the newest head continues the one of this size, for `coop-verify consistency`."""
    try:
        found = proofs.consistency(old)
    except proofs.BeyondTheLog as error:
        raise Http404 from error
    return as_json(consistency_facts(found), f"consistency-{found.old}-{found.new}.json")


@require_GET
@vary_on_headers("HX-Request")
def transaction(request: HttpRequest, txn: int) -> HttpResponse:
    """The proof of a transaction by itself."""
    reader = reader_of(request.user)
    shown = found_or_404(lambda: showing.of_transaction(txn, reader))
    return proof_page(request, {"proof": shown, "txn": txn})


@require_GET
@vary_on_headers("HX-Request")
def document(request: HttpRequest, digest: str) -> HttpResponse:
    """The proof of a signed document, for whoever knows its digest."""
    shown = found_or_404(lambda: showing.of_document(bytes.fromhex(digest)))
    return proof_page(request, {"proof": shown})


def proof_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The page, or the part of it that is asked for again while the record waits."""
    is_part = request.headers.get("HX-Request") == "true"
    template = "parts/proof.html" if is_part else "ledger/log/proof.html"
    return render(request, template, context)


@require_GET
def transaction_proof(request: HttpRequest, txn: int) -> HttpResponse:
    """The proof of a transaction as a file."""
    return proof_file(
        lambda: proofs.place_of_transaction(txn), showing.file_name("transaction", txn)
    )


@require_GET
def document_proof(request: HttpRequest, digest: str) -> HttpResponse:
    """The proof of a signed document as a file."""
    known_by = bytes.fromhex(digest)
    return proof_file(
        lambda: proofs.place_of_document(known_by), showing.file_name("document", digest)
    )


@require_GET
def openings(request: HttpRequest, txn: int) -> HttpResponse:
    """What opens a transaction's commitments, for those whose business it is."""
    opened = showing.openings(txn, reader_of(request.user))
    if opened is None:
        raise Http404
    answer = as_json(opened, f"openings-{txn}.json")
    answer["Cache-Control"] = "private, no-store"
    return answer


def found_or_404(find: Callable[[], Shown]) -> Shown:
    """What there is to show."""
    try:
        return find()
    except NotInTheLog as error:
        raise Http404 from error


def proof_file(place: Callable[[], int], name: str) -> HttpResponse:
    """A proof as c2sp.org/tlog-proof has it; in a sentence why there is none."""
    try:
        file = proofs.inclusion(place()).file()
    except DomainError as error:
        return HttpResponse(f"{error}\n", content_type=TEXT, status=error.status)
    return attachment(file, name, TEXT)


def as_json(facts: dict[str, Any], name: str) -> HttpResponse:
    """Facts to download."""
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    return attachment(f"{text}\n", name, "application/json")


def attachment(text: str, name: str, kind: str) -> HttpResponse:
    """A file to keep."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": disposition})
