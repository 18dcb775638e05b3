"""How allauth opens accounts here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import get_language


class AccountAdapter(DefaultAccountAdapter):
    """A new user keeps the language and theme they read the sign-up page in."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """The user as allauth makes them, with their language and theme."""
        user.language = (get_language() or "en")[:2]
        theme = request.COOKIES.get("theme", "auto")
        user.theme = theme if theme in ("light", "dark") else "auto"
        return super().save_user(request, user, form, commit)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No greeting after signing in or out: the page that follows says enough."""
        level_and_template = (*args, *kwargs.values())
        if not any(str(part).endswith(QUIET) for part in level_and_template):
            super().add_message(*args, **kwargs)


QUIET = ("logged_in.txt", "logged_out.txt")
