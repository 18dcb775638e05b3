"""The folder of closed decisions as a zip: for everybody, and with effects for members."""

import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any, cast

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.access import reader_member
from governance.bundle.export import MEMBERS, PUBLIC, closed, export_decisions
from members.queries import is_auditor

ZIP = "application/zip"
IN_MEMORY = 1 << 22
ANSWER: Any = {(200, ZIP): OpenApiTypes.BINARY}


def zipped(*, kind: str, only: int | None) -> IO[bytes]:
    """The folder as one file, unpacked as "decisions/"; on the disk where it is large."""
    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "decisions"
        export_decisions(folder, kind=kind, only=only)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(folder.iterdir()):
                packed.write(path, f"decisions/{path.name}")
    file.seek(0)
    return file


def download(request: HttpRequest | Request, only: int | None) -> FileResponse:
    """The answer with the file; raises Http404 for a decision that is not certified."""
    if only is not None and not closed(only).exists():
        raise Http404
    inside = reader_member(request) is not None or is_auditor(request.user)
    file = zipped(kind=MEMBERS if inside else PUBLIC, only=only)
    name = "decisions.zip" if only is None else f"decision-{only}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type=ZIP)


@require_GET
def everything(request: HttpRequest) -> FileResponse:
    """All closed decisions."""
    return download(request, None)


@require_GET
def one(request: HttpRequest, proposal_id: int) -> FileResponse:
    """One closed decision."""
    return download(request, proposal_id)


class DecisionsBundle(APIView):
    """All closed decisions, for coop-verify."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="decisions_bundle", responses=ANSWER, tags=["decisions"])
    def get(self, request: Request) -> FileResponse:
        """A zip of rolls, boards, delegations, counts and certificates."""
        return download(request, None)


class DecisionBundle(APIView):
    """One closed decision, for coop-verify."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="decision_bundle", responses=ANSWER, tags=["decisions"])
    def get(self, request: Request, proposal_id: int) -> FileResponse:
        """A zip of its rolls, board, delegations, count and certificate."""
        return download(request, proposal_id)
