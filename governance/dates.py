"""When votes open, close and are carried out: as a page, and as a calendar to subscribe to.

A calendar file (RFC 5545) gives instants in UTC; the zone's name is for display only (R14).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from governance.models import Proposal
from governance.queries import published
from members.queries import cooperative

State = Proposal.State
LONGEST_LINE = 74


@dataclass(frozen=True)
class Date:
    """One date of one vote: "opens", "closes" or "executes"."""

    at: datetime
    what: str
    proposal: Proposal

    @property
    def words(self) -> str:
        """What happens then."""
        return {
            "opens": _("Ballot opens"),
            "closes": _("Ballot closes"),
            "executes": _("Is carried out"),
        }[self.what]


def dates_of(proposal: Proposal) -> Iterator[Date]:
    """The dates of a vote that may still come."""
    marks = {
        State.NOTICE: (("opens", proposal.opens_at), ("closes", proposal.closes_at)),
        State.OPEN: (("closes", proposal.closes_at),),
        State.TIMELOCKED: (("executes", proposal.executes_from),),
    }
    for what, at in marks.get(State(proposal.state), ()):
        if at is not None:
            yield Date(at, what, proposal)


def dates_ahead() -> list[Date]:
    """Every date that is set, the earliest first."""
    coming = published().filter(state__in=(State.NOTICE, State.OPEN, State.TIMELOCKED))
    return sorted((date for p in coming for date in dates_of(p)), key=lambda date: date.at)


def calendar_file(address: str) -> bytes:
    """The dates ahead as a calendar; `address` is the site's, without a slash at the end."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//cooperative//decisions//EN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(_('Decisions of %(name)s') % {'name': cooperative().name})}",
        f"X-WR-TIMEZONE:{timezone.get_default_timezone_name()}",
        *(line for date in dates_ahead() for line in _event(date, address)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line)).encode()


def _event(date: Date, address: str) -> Iterator[str]:
    proposal = date.proposal
    yield "BEGIN:VEVENT"
    yield f"UID:decision-{proposal.pk}-{date.what}@{address.partition('://')[2]}"
    yield f"DTSTAMP:{_instant(proposal.notice_at or date.at)}"
    yield f"SEQUENCE:{proposal.version - 1 + (proposal.extended_at is not None)}"
    yield f"DTSTART:{_instant(date.at)}"
    yield f"SUMMARY:{_escaped(f'{date.words}: {proposal.title}')}"
    yield f"URL:{address}/decisions/{proposal.pk}/"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    flat = " ".join(text.split())
    for mark in "\\;,":
        flat = flat.replace(mark, f"\\{mark}")
    return flat


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, the later ones begun with a space."""
    piece = ""
    for character in line:
        if len((piece + character).encode()) > LONGEST_LINE:
            yield piece
            piece = " "
        piece += character
    yield piece
