"""Votes that count through others as they are published: by pseudonym, in order of the rolls."""

from typing import Any

from governance import board
from governance.models import Carried, Proposal


def carried_of(proposal: Proposal) -> list[dict[str, Any]]:
    """What became at the close of everybody who cast no ballot but named somebody (R12, R13)."""
    rows = Carried.objects.filter(row__chamber__proposal=proposal).order_by(
        "row__chamber__position", "row__position"
    )
    return [
        {
            "chamber": row.row.chamber.name,
            "voter": row.row.voter,
            "through": "" if row.through is None else row.through.voter,
            "lost": row.lost,
            "directed": row.directed,
        }
        for row in rows.select_related("row__chamber", "through")
    ]


def carried_hash(proposal: Proposal) -> str:
    """What the certificate says of them."""
    return board.document_hash({"carried": carried_of(proposal)})
