"""Versions of a proposal: one row for each saving and each notice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.lifecycle.content import content_of
from governance.lifecycle.differences import (
    Piece,
    word_differences,
    written_options,
    written_payload,
)
from governance.models import Proposal, ProposalVersion
from members.models import User

OF_PERSONS = ("reason", "appeal")
"""what a payload says of a person: only members read it"""
NOTHING: dict[str, Any] = {"title": "", "text": "", "options": [], "payload": {}}


@dataclass(frozen=True)
class Change:
    """What one version says otherwise than the one before: a heading and its words."""

    heading: Promise
    pieces: list[Piece]


@dataclass(frozen=True)
class ShownVersion:
    """One version beside the one before that the same reader may see."""

    row: ProposalVersion
    changes: list[Change]


def record_version(proposal: Proposal, *, by: User | None, why: str = "") -> ProposalVersion:
    """What the proposal says now, kept. Call inside a transaction, under its lock."""
    return ProposalVersion.objects.create(
        proposal=proposal,
        number=proposal.versions.count() + 1,
        version=proposal.version,
        content=content_of(proposal),
        notice_hash=proposal.notice_hash,
        notice_at=proposal.notice_at,
        why=why.strip(),
        by=by,
    )


def shown_versions(proposal: Proposal, *, member: bool) -> list[ShownVersion]:
    """The versions that a reader may see, newest first, each with what changed.

    Members see every saving; the public what notice was given of, without what concerns persons.
    """
    rows = list(proposal.versions.select_related("by__member"))
    seen = [row for row in rows if member or row.notice_at is not None]
    before = [NOTHING, *(readable(row.content, member=member) for row in seen)]
    shown = [
        ShownVersion(row, list(changes(old, readable(row.content, member=member))) if n else [])
        for n, (row, old) in enumerate(zip(seen, before, strict=False))
    ]
    return shown[::-1]


def readable(content: dict[str, Any], *, member: bool) -> dict[str, Any]:
    """The content of a version as a reader may see it."""
    if member:
        return content
    return content | {
        "payload": _public(content["payload"]),
        "options": [
            option | {"payload": _public(option["payload"])} if "payload" in option else option
            for option in content["options"]
        ],
    }


def _public(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in OF_PERSONS}


def changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    """Each part that differs, with its words."""
    parts = (
        (_("What shall be decided"), before["title"], after["title"]),
        (_("Why"), before["text"], after["text"]),
        (_("Options"), written_options(before["options"]), written_options(after["options"])),
        (
            _("What is carried out"),
            written_payload(before["payload"]),
            written_payload(after["payload"]),
        ),
        (_("How it is decided"), how(before), how(after)),
    )
    for heading, old, new in parts:
        if old != new:
            yield Change(heading, word_differences(old, new))


def how(content: dict[str, Any]) -> str:
    """Kind, ballot and seats in a line."""
    if not content.get("kind"):
        return ""
    seats = f" · {content['seats']}" if content["seats"] > 1 else ""
    ballot = Proposal.BallotKind(content["ballot_kind"]).label
    return f"{Proposal.Kind(content['kind']).label} · {ballot}{seats}"
