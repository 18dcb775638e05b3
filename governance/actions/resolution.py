"""A decision in words: it binds people, and the software does nothing."""

from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from members.models import User


class Resolution(Action):
    """Free text may concern anything, so both chambers are asked."""

    key = "resolution"
    title = _("Decide something in words")
    about = _("A text that binds the cooperative; the software itself changes nothing.")
    touches_usage_rights = True
    kinds = ("motion", "consent", "ranked", "approval", "score", "irv", "stv")

    def check(self, payload: Payload) -> None:
        """Nothing can stand in the way."""

    def dry_run(self, payload: Payload) -> Effect:
        """Nothing changes in the books."""
        return {}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """Nothing is written."""
        return []

    def inverse(self, before: Effect) -> Payload | None:
        """Words are undone by other words."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Nothing was written, so nothing can be missing."""
        return []
