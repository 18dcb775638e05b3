"""What a proposal asks: its kind, its options in their stored form, and who stands for election."""

import string
from collections.abc import Iterable, Mapping
from typing import Any

from governance.actions import Action
from governance.errors import BadOptions, BadPayload, WrongKind
from governance.models import Candidate, Proposal

Kind = Proposal.Kind
Option = dict[str, Any]
KEEP: Option = {"id": "keep", "name": "Keep things as they are"}
"""the standing option of every ranked motion (R4); pages translate it by its id"""
WITHOUT_OPTIONS = (Kind.MOTION, Kind.CONSENT)
OF_PEOPLE = (Kind.IRV, Kind.STV)
FIELDS = {"id", "name", "payload", "member", "preview"}
LONGEST_NAME = 160
CONTENT = ("title", "text", "kind", "ballot_kind", "options", "seats", "action", "payload")


def content_of(proposal: Proposal) -> dict[str, Any]:
    """What a version keeps of a proposal, and what makes two drafts the same."""
    said = {name: getattr(proposal, name) for name in CONTENT}
    return said | {"options": [_without_preview(option) for option in proposal.options]}


def _without_preview(option: Option) -> Option:
    return {name: value for name, value in option.items() if name != "preview"}


def require_kind(action: Action, kind: str, *, seats: int) -> None:
    """Raise WrongKind unless this type of action can be decided in this way."""
    allowed = getattr(action, "kinds", Kind.values)
    if kind not in Kind.values or kind not in allowed:
        raise WrongKind
    if seats < 1 or (seats > 1 and kind != Kind.STV):
        raise WrongKind


def stored_options(kind: str, given: Iterable[Mapping[str, Any]], action: Action) -> list[Option]:
    """The options as a proposal keeps them: with ids, in the order written.

    Ids are "a", "b" … or, for people, "m" and the member's number (`member`). A ranked motion
    ends with the standing option. Motions and consents have none. Raises BadOptions, and what
    the action says of an option's own payload.
    """
    written = [dict(option) for option in given if option.get("id") != KEEP["id"]]
    if kind in WITHOUT_OPTIONS:
        if written:
            raise BadOptions
        return []
    options = [_stored(place, option) for place, option in enumerate(written)]
    _require_distinct(options)
    _require_payloads(kind, options, action)
    return [*options, dict(KEEP)] if kind == Kind.RANKED else options


def _stored(place: int, given: Option) -> Option:
    name = str(given.get("name", "")).strip()
    if not name or len(name) > LONGEST_NAME or not set(given) <= FIELDS:
        raise BadOptions
    if "member" not in given and place >= len(string.ascii_lowercase):
        raise BadOptions
    key = f"m{given['member']}" if "member" in given else string.ascii_lowercase[place]
    kept: Option = {name: given[name] for name in ("payload", "member") if name in given}
    return {"id": key, "name": name, **kept}


def _require_distinct(options: list[Option]) -> None:
    ids = {option["id"] for option in options}
    people = [option for option in options if "member" in option]
    names = {option["name"] for option in options if "member" not in option}
    if len(ids) < len(options) or len(names) + len(people) < len(options):
        raise BadOptions


def _require_payloads(kind: str, options: list[Option], action: Action) -> None:
    """Options of their own effect: ranked motions only; at most one means the main payload."""
    own = [option["payload"] for option in options if "payload" in option]
    if own and kind != Kind.RANKED:
        raise BadOptions
    if kind == Kind.RANKED and action.schema and len(options) - len(own) > 1:
        raise BadOptions
    for payload in own:
        if not isinstance(payload, dict):
            raise BadPayload
        action.check(action.read(payload))


def require_enough(proposal: Proposal) -> None:
    """Raise BadOptions where there is nothing to choose from."""
    if proposal.kind in WITHOUT_OPTIONS:
        return
    least = 1 if proposal.kind in OF_PEOPLE else 2
    if len(proposal.options) < least:
        raise BadOptions


def candidates_of(proposal: Proposal) -> list[Option]:
    """Who stands: those who accepted and did not withdraw, as options, by member number."""
    rows = Candidate.objects.filter(
        proposal=proposal, accepted_at__isnull=False, withdrawn_at=None
    ).select_related("member")
    people = sorted((row.member.number or 0, row.member.name) for row in rows)
    return [{"id": f"m{number}", "name": name, "member": number} for number, name in people]
