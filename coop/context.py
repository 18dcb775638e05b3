"""What every page knows: the cooperative, the reader, the theme, the way around."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from members.models import Cooperative, Member
from members.queries import does_work, member_of

THEMES = ("light", "dark")
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True)
class NavEntry:
    """One place in the main navigation: the URL's name and what the link says."""

    name: str
    label: str


def site(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    member = member_of(request.user)
    return {
        "cooperative": Cooperative.objects.first() or unfounded(),
        "member": member,
        "theme": theme_of(request),
        "languages": [(code, LANGUAGE_NAMES[code]) for code, _name in settings.LANGUAGES],
        "navigation": navigation(request, member),
    }


def unfounded() -> Cooperative:
    """What stands for the cooperative before it is founded; never saved."""
    return Cooperative(name=_("A network cooperative"))


def theme_of(request: HttpRequest) -> str:
    """ "light" or "dark" where the reader chose one, else "" and the device decides."""
    user = getattr(request, "user", None)
    chosen = user.theme if user is not None and user.is_authenticated else ""
    theme = chosen or request.COOKIES.get("theme", "")
    return theme if theme in THEMES else ""


def navigation(request: HttpRequest, member: Member | None) -> list[NavEntry]:
    """The entries this reader may follow."""
    user = request.user
    if not user.is_authenticated:
        return [NavEntry("home", _("What we own")), decisions(), books()]
    entries = member_entries() if member else [decisions(), books()]
    steward = [NavEntry("stewardship", _("Stewardship"))] if does_work(user) else []
    return [NavEntry("overview", _("Overview")), *entries, *steward]


def decisions() -> NavEntry:
    return NavEntry("governance:decisions", _("Decisions"))


def books() -> NavEntry:
    return NavEntry("ledger:books", _("Books"))


def member_entries() -> list[NavEntry]:
    return [
        NavEntry("titles:mine", _("My titles")),
        NavEntry("tokens:mine", _("Tokens")),
        NavEntry("metering:usage", _("Usage")),
        NavEntry("market:home", _("Market")),
        decisions(),
        NavEntry("payments:statement", _("Statement")),
        books(),
        NavEntry("titles:buy_in", _("Buy in")),
    ]
