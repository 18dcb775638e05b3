"""Evidence to take away: members their own, those who read the books all of it.

It is a zip of the folder that `coop-verify evidence` checks (docs/auditing.md).
"""

import tempfile
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any, cast

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from members.access import IsMember, ReadsRegister, auditor_required, member_required, the_member
from members.models import Member
from metering.bundle import Asked, export_evidence

ZIP = "application/zip"
IN_MEMORY = 1 << 22
ANSWER: Any = {(200, ZIP): OpenApiTypes.BINARY}
SINCE = OpenApiParameter("since", OpenApiTypes.DATE, description="received on that day or later")


def zipped(asked: Asked) -> IO[bytes]:
    """The folder as one file, unpacked as "evidence/"; on the disk where it is large."""
    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "evidence"
        export_evidence(folder, asked)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(folder.iterdir()):
                packed.write(path, f"evidence/{path.name}")
    file.seek(0)
    return file


def download(asked_since: str, member: Member | None) -> FileResponse:
    """The answer with the file; a day that is none asks for everything."""
    file = zipped(Asked(since=beginning_of(asked_since), member=member))
    return FileResponse(file, as_attachment=True, filename="evidence.zip", content_type=ZIP)


def beginning_of(text: str) -> datetime | None:
    """Midnight of a day in the cooperative's timezone; None where it is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return None if day is None else timezone.make_aware(datetime.combine(day, time.min))


@require_GET
@member_required
def own(request: HttpRequest) -> FileResponse:
    """A member's own evidence."""
    return download(request.GET.get("since", ""), the_member(request))


@require_GET
@auditor_required
def everybodys(request: HttpRequest) -> FileResponse:
    """All evidence, for those who read the books by name."""
    return download(request.GET.get("since", ""), None)


class OwnEvidenceView(APIView):
    """The evidence of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="own_evidence", parameters=[SINCE], responses=ANSWER, tags=["metering"]
    )
    def get(self, request: Request) -> FileResponse:
        """A zip of signed batches, receipts, keys and readings, for coop-verify."""
        return download(request.query_params.get("since", ""), the_member(request))


class EvidenceView(APIView):
    """All evidence."""

    permission_classes = (ReadsRegister,)

    @extend_schema(operation_id="evidence", parameters=[SINCE], responses=ANSWER, tags=["metering"])
    def get(self, request: Request) -> FileResponse:
        """A zip of all that nodes signed, for coop-verify."""
        return download(request.query_params.get("since", ""), None)
