"""Writes of the site itself: the reader's own preferences."""

from members.models import User


def choose_preferences(*, actor: User, language: str = "", theme: str = "") -> None:
    """Keep the reader's language and theme on their row; an empty value changes nothing."""
    chosen = {"language": language, "theme": theme}
    changes = {name: value for name, value in chosen.items() if value}
    if changes:
        User.objects.filter(pk=actor.pk).update(**changes)
