"""What the page of versions shows: each beside the one before, in the words of its form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.action_forms.filling import form_values
from governance.lifecycle.differences import Piece, word_differences
from governance.lifecycle.versions import OF_PERSONS, readable
from governance.models import Proposal, ProposalVersion
from governance.proposing import PROPOSAL_FORMS

NOTHING: dict[str, Any] = {"title": "", "text": "", "options": [], "payload": {}, "action": ""}


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


def changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    """Each part that differs, with its words."""
    parts = (
        (_("What shall be decided"), before["title"], after["title"]),
        (_("Why"), before["text"], after["text"]),
        (_("Options"), written_options(before), written_options(after)),
        (_("What is carried out"), written_payload(before), written_payload(after)),
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


def written_payload(content: dict[str, Any], payload: dict[str, Any] | None = None) -> str:
    """A payload as lines: the labels of its form, and values as people type them."""
    given = content["payload"] if payload is None else payload
    if not given:
        return ""
    fields = getattr(PROPOSAL_FORMS.get(content["action"]), "base_fields", {})
    values = typed(content["action"], given)
    return "\n".join(
        _line(str(fields[name].label) if name in fields else name, value)
        for name, value in values.items()
    )


def _line(label: str, value: Any) -> str:
    return f"{label} {value}" if label.endswith("?") else f"{label}: {value}"


def typed(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A payload as its form would show it; as it is where it no longer fits the form."""
    try:
        values = form_values(action, payload)
    except (KeyError, TypeError, ValueError):
        values = {}
    shown = values or payload
    return {name: shown[name] for name in shown if name in payload or name not in OF_PERSONS}


def written_options(content: dict[str, Any]) -> str:
    """Options as lines of their names and what each of them does."""
    lines = []
    for option in content["options"]:
        does = (
            written_payload(content, option["payload"]).splitlines() if "payload" in option else []
        )
        lines.append(f"{option['name']} ({', '.join(does)})" if does else option["name"])
    return "\n".join(lines)
