"""What a voucher says and how it is signed: docs/vouchers.md. No database in here."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from signing import dsse, keys, strict_json

VOUCHER = dsse.payload_type("voucher")
TIME = "%Y-%m-%dT%H:%M:%SZ"


def spelled(moment: datetime) -> str:
    """A moment as the file writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime(TIME)


def payload_of(
    *,
    uuid: UUID,
    pool: str,
    resource: str,
    period: tuple[str, datetime, datetime],
    amount: int,
    raw: int,
    unit: str,
    node: UUID | None,
    asset: str | None,
    not_before: datetime,
    not_after: datetime,
    issued_at: datetime,
) -> bytes:
    """The bytes that are signed: `amount` millitokens, `raw` in the meter's `unit`.

    Bound to one node by its id, or to one asset by its inventory code; no person is named.
    """
    code, start, end = period
    bound: dict[str, Any] = {"node": str(node)} if node else {"asset": asset}
    return strict_json.dumps(
        {
            "v": 1,
            "id": str(uuid),
            "pool": pool,
            "resource": resource,
            "period": {"code": code, "start": spelled(start), "end": spelled(end)},
            "mt": amount,
            "raw": str(raw),
            "u": unit,
            **bound,
            "not_before": spelled(not_before),
            "not_after": spelled(not_after),
            "issued_at": spelled(issued_at),
        }
    )


def signed(payload: bytes) -> dsse.Envelope:
    """The voucher: the payload under the key that nodes have pinned."""
    return keys.sign_document(VOUCHER, payload)
