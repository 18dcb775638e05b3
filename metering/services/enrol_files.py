"""Letting a node in that has no connection: the same two objects, carried as files."""

from datetime import timedelta

from django.utils import timezone

from metering.errors import NoAnswerYet
from metering.models import EnrolmentRequest
from metering.services.enrol import (
    ENROLLED,
    Codes,
    enrolled_payload,
    plain_code,
    start_enrolment,
)
from metering.wire import envelope_from
from policies.queries import policy
from signing import dsse, keys, strict_json

MOST_BYTES = 64 * 1024


def enrol_from_file(*, raw: bytes) -> Codes:
    """Take a node's `enrol` envelope from a file; it waits `claim_days` to be let in.

    The code is the one to let it in with; it is shown here, since the node cannot. Raises
    Malformed, SchemaError, BadSignature, TooManyAsking.
    """
    days = policy("claim_days", timezone.now())
    envelope = envelope_from(strict_json.loads(raw[:MOST_BYTES]))
    return start_enrolment(envelope=envelope, lifetime=timedelta(days=days))


def answer_to_file(*, user_code: str) -> bytes:
    """The signed `enrolled` envelope for the node that was let in with this code, as a file.

    Raises NoAnswerYet.
    """
    rows = EnrolmentRequest.objects.filter(
        user_code=plain_code(user_code),
        state=EnrolmentRequest.State.APPROVED,
        expires_at__gt=timezone.now(),
    )
    request = rows.select_related("node__asset").order_by("-pk").first()
    if request is None or request.node is None:
        raise NoAnswerYet
    signed = keys.sign_document(ENROLLED, enrolled_payload(request.node, request))
    return dsse.Envelope(ENROLLED, signed.payload, signed.signatures).as_json() + b"\n"
