"""A title to take away: signed file, certificate, credential, and the key that signed them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET
from rest_framework.request import Request

from signing import keys, strict_json
from titles.access import public_title, title_for
from titles.models import Title
from titles.papers import credential as credentials
from titles.papers.paper import Copy, certificate_pdf
from titles.queries import facts_of


@require_GET
def document(request: HttpRequest, number: int) -> HttpResponse:
    """The signed file, byte for byte."""
    found = public_title(number)
    return _file(bytes(found.envelope), "application/json", f"title-{found.number:04d}.json")


@require_GET
def public_key(request: HttpRequest) -> HttpResponse:
    """The cooperative's public key as hex: what the offline check needs."""
    return _file(f"{keys.public_key().hex()}\n".encode(), "text/plain", "cooperative.key")


@require_GET
@login_required
def certificate(request: HttpRequest, number: int) -> HttpResponse:
    """The PDF certificate; the name stands in its holder's own copy alone."""
    found = title_for(request.user, number)
    copy = Copy(address=address_of(request, found))
    if found.member.user_id == request.user.pk:
        language: str = getattr(request.user, "language", "")
        copy = Copy(address=copy.address, name=found.member.name, language=language)
    return _file(certificate_pdf(found, copy), "application/pdf", f"title-{found.number:04d}.pdf")


@require_GET
def credential(request: HttpRequest, number: int) -> HttpResponse:
    """The title as a verifiable credential."""
    return credential_answer(request, number)


def credential_answer(request: HttpRequest | Request, number: int) -> HttpResponse:
    """The answer, for the page and for programs."""
    found = public_title(number)
    raw = strict_json.dumps(credential_of(request, found))
    return _file(raw, credentials.MEDIA_TYPE, f"title-{found.number:04d}.vc.json")


@require_GET
def issuer(request: HttpRequest) -> HttpResponse:
    """Who issues credentials here, and with which key: what a verifier fetches."""
    address = request.build_absolute_uri(reverse("titles:issuer"))
    return JsonResponse(credentials.controller(address, keys.public_key()))


def credential_of(request: HttpRequest | Request, title: Title) -> dict[str, Any]:
    """A title as a credential of this site."""
    issuer_address = request.build_absolute_uri(reverse("titles:issuer"))
    return credentials.credential(
        facts_of(title),
        issued_at=title.issued_at,
        signed_at=title.recorded_at,
        places=credentials.Places(issuer_address, address_of(request, title)),
        seed=bytes(keys.cooperative_key()),
    )


def address_of(request: HttpRequest | Request, title: Title) -> str:
    """Where anyone can check a title."""
    return request.build_absolute_uri(reverse("titles:verify_number", args=[title.number]))


def _file(raw: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(raw, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
