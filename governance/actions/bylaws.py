"""Change the text of the bylaws: a version that every member is then asked to accept."""

import difflib
import hashlib
from datetime import date
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.errors import BadPayload, NothingToChange
from members.errors import BylawsExist
from members.models import BylawsVersion, User
from members.queries import bylaws_in_force
from members.services import publish_bylaws

LONGEST_VERSION = 20
LONGEST_TEXT = 100_000


class ChangeBylaws(Action):
    """`text` is one paragraph a line, `version` a name of its own, `from` an ISO day or "".

    It holds from that day on, and never before the day on which it is carried out.
    """

    key = "change_bylaws"
    title: ClassVar[Promise] = _("Change the bylaws")
    about: ClassVar[Promise] = _(
        "The text that every member agrees to. Both chambers decide, by the majority for "
        "special matters; every member is then asked to accept it."
    )
    touches_usage_rights = True
    special = True
    area = "rules"
    schema: ClassVar[dict[str, type]] = {"version": str, "text": str, "from": str}

    def governs(self, payload: Payload) -> bool:
        """The bylaws say how we decide."""
        return True

    def check(self, payload: Payload) -> None:
        """The version is new, and its text is another than the one in force."""
        version, text = payload["version"].strip(), written(payload)
        if not 0 < len(version) <= LONGEST_VERSION or not 0 < len(text) <= LONGEST_TEXT:
            raise BadPayload
        day_of(payload)
        if BylawsVersion.objects.filter(version=version).exists():
            raise BylawsExist(version=version)
        if bylaws_in_force().text == text:
            raise NothingToChange

    def dry_run(self, payload: Payload) -> Effect:
        """Which paragraphs go and which come, and the hash that the text will have."""
        now, text = bylaws_in_force(), written(payload)
        return {
            "version": payload["version"].strip(),
            "from": payload["from"],
            "before": now.version,
            "before_text": now.text,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "changes": changes(now.text, text),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The version published, in force from its day on."""
        today = timezone.localdate()
        row = publish_bylaws(
            version=payload["version"],
            text=payload["text"],
            actor=actor,
            source=source,
            valid_from=max(day_of(payload) or today, today),
        )
        return [
            {
                "kind": "bylaws",
                "id": row.pk,
                "version": row.version,
                "sha256": row.sha256,
                "since": row.valid_from.isoformat(),
            }
        ]

    def inverse(self, before: Effect) -> Payload | None:
        """The text as it was; its version needs a name of its own, which the proposer gives."""
        return {"version": "", "text": before["before_text"], "from": ""}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Versions that are not there as they were published."""
        return [
            f"{source}: version {effect['version']} of the bylaws is not as executed"
            for effect in effects
            if not BylawsVersion.objects.filter(
                pk=effect["id"],
                version=effect["version"],
                sha256=effect["sha256"],
                valid_from=date.fromisoformat(effect["since"]),
                source=source,
            ).exists()
        ]


def written(payload: Payload) -> str:
    """The text as it will be kept."""
    return str(payload["text"]).strip().replace("\r\n", "\n")


def day_of(payload: Payload) -> date | None:
    """The day from which it shall hold; None where it holds at once. Raises BadPayload."""
    try:
        return date.fromisoformat(payload["from"]) if payload["from"] else None
    except ValueError as error:
        raise BadPayload from error


def changes(old: str, new: str) -> list[dict[str, Any]]:
    """The paragraphs in order: each kept ("="), gone ("-") or new ("+")."""
    lines = difflib.ndiff(_paragraphs(old), _paragraphs(new))
    marks = {" ": "=", "-": "-", "+": "+"}
    return [{"is": marks[line[0]], "text": line[2:]} for line in lines if line[0] in marks]


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
