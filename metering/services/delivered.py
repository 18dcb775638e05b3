"""Answers to files that people brought, kept for a while so that they can be fetched as files."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from members.models import User
from metering.models import FileDelivery

KEPT = 5


def keep_answer(*, user: User, name: str, results: Sequence[dict[str, Any]]) -> FileDelivery:
    """The results of a file as `.coopreceipts`, one a line; a user's oldest beyond five go."""
    lines = "".join(json.dumps(result, separators=(",", ":")) + "\n" for result in results)
    with transaction.atomic():
        row = FileDelivery.objects.create(
            user=user,
            name=name[:200],
            envelopes=len(results),
            answer=gzip.compress(lines.encode(), mtime=0),
        )
        newest = FileDelivery.objects.filter(user=user).order_by("-pk").values("pk")[:KEPT]
        FileDelivery.objects.filter(user=user).exclude(
            pk__in=[row["pk"] for row in newest]
        ).delete()
    return row


def answer_of(row: FileDelivery) -> bytes:
    """The `.coopreceipts` file."""
    return gzip.decompress(bytes(row.answer))
