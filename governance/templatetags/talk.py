"""Filters for discussions and for the times of votes."""

from datetime import UTC, datetime

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from governance.discussion.mentions import BY_NUMBER
from governance.discussion.threads import Said
from governance.models import Proposal
from governance.notices.queries import Told, told_of

register = template.Library()
DEEPEST = 4


@register.filter
def said_text(said: Said) -> SafeString:
    """A post's text as paragraphs, with links, and with the names of those whom it calls."""
    pieces = BY_NUMBER.split(said.text or "")
    html = [
        _called(said, int(piece)) if odd % 2 else urlize(piece, nofollow=True, autoescape=True)
        for odd, piece in enumerate(pieces)
    ]
    return mark_safe(linebreaks("".join(html)))


def _called(said: Said, number: int) -> str:
    return format_html('<strong class="nowrap">@{}</strong>', said.names.get(number) or number)


@register.filter
def indent(said: Said) -> int:
    """How far a post is set in: deeper answers stand below each other."""
    return min(said.depth, DEEPEST)


@register.filter
def zoned(value: datetime | None) -> SafeString:
    """Date and time with the zone in which the cooperative lives, named.

    Where there is script and the reader is elsewhere, their own time is added.
    """
    if value is None:
        return SafeString("")
    return format_html(
        '<time datetime="{}">{}</time> '
        '<span class="zone" data-instant="{}" data-own="{}">{}</span>',
        timezone.localtime(value).isoformat(),
        local_text(value),
        value.astimezone(UTC).isoformat(),
        _("%(at)s where you are") % {"at": "@"},
        zone_name(),
    )


@register.filter
def plain_moment(value: datetime | None) -> str:
    """Date and time with the zone, as plain text for mails."""
    if value is None:
        return ""
    return f"{local_text(value)} ({zone_name()})"


def local_text(value: datetime) -> str:
    """Date and time to the minute in the cooperative's zone, as the language writes them."""
    return formats.date_format(timezone.localtime(value), _("j F Y") + ", H:i")


@register.simple_tag
def zone_name() -> str:
    """The cooperative's zone as people call it: "Europe/Madrid"."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def told(proposal: Proposal) -> Told:
    """How the newest notice of a vote went (R15)."""
    return told_of(proposal)
