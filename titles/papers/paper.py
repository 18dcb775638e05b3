"""A title as a PDF certificate: one page, tagged (PDF/UA-1), in the holder's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import segno
from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from assets.names import asset_kind
from ledger.typesetting import Format, typeset
from signing import dsse, keys
from titles.models import Title
from titles.papers.chain import chain_of
from titles.queries import facts_of

DOCUMENT = "titles/pdf/title.typ"
NARROW = "\u202f"
MOST_ASSETS = 5
"""as many as are named on the page; the signed file names them all"""


@dataclass(frozen=True)
class Copy:
    """Whose copy it is: the name stands only in the holder's own; where the title is checked."""

    address: str
    name: str = ""
    language: str = ""


def certificate_pdf(title: Title, copy: Copy, *, form: Format = "pdf") -> bytes:
    """The certificate of a title as PDF/UA-1; with the form "png" as a picture."""
    with override(copy.language or get_language()):
        return typeset(DOCUMENT, _data(title, facts_of(title), copy), form=form)


def _data(title: Title, facts: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
    number = f"{title.number:04d}"
    return {
        "language": (get_language() or "en")[:2],
        "title": _("Title of ownership"),
        "cooperative": facts["cooperative"],
        "number": _("No. %(number)s") % {"number": number},
        "says": _says(facts, copy),
        "units": f"{facts['units']:,}".replace(",", NARROW),
        "of": ngettext("share of %(pool)s", "shares of %(pool)s", facts["units"])
        % {"pool": facts["pool"]["name"]},
        "facts": [fact for fact in _facts(title, facts, copy) if fact[1]],
        "qr": segno.make(copy.address, error="m").svg_inline(border=1, dark="#1d2a24"),
        "address": copy.address,
        **_checking(number, copy.address),
        "foot": _("Printed on %(day)s. Whether the title still stands is told by the page above.")
        % {"day": _day(timezone.localdate())},
    }


def _says(facts: Mapping[str, Any], copy: Copy) -> str:
    holder = _("member %(number)s") % {"number": facts["member"]["number"]}
    words = {"cooperative": facts["cooperative"], "holder": copy.name or holder}
    return _("%(cooperative)s certifies that %(holder)s holds") % words


def _facts(title: Title, facts: Mapping[str, Any], copy: Copy) -> Sequence[tuple[str, str]]:
    member = _("member %(number)s") % {"number": facts["member"]["number"]}
    chain = chain_of(title)
    return [
        (_("Held by"), f"{copy.name}, {member}" if copy.name else member),
        (_("Since"), _day(timezone.localdate(title.issued_at))),
        (_("How it came"), title.get_origin_display()),
        (_("Follows on"), _titles([number for number, _units in chain.earlier])),
        (_("Ended"), _ended(title)),
        (_("Went on in"), _titles([number for number, _units in chain.later])),
        (_("Backed by"), _backing(facts["backing"])),
        (_("Reference of this title"), facts["reference"]),
    ]


def _titles(numbers: Sequence[int]) -> str:
    return ", ".join(_("No. %(number)s") % {"number": f"{n:04d}"} for n in numbers)


def _ended(title: Title) -> str:
    if title.ended_at is None:
        return ""
    words = {"state": title.get_state_display(), "day": _day(timezone.localdate(title.ended_at))}
    return _("%(state)s on %(day)s") % words


def _backing(assets: Sequence[Mapping[str, str]]) -> str:
    named = [f"{one['name']} ({asset_kind(one['kind'])})" for one in assets[:MOST_ASSETS]]
    left = len(assets) - len(named)
    if left > 0:
        more = ngettext("%(count)s more asset", "%(count)s more assets", left)
        named.append(more % {"count": left})
    return ", ".join(named)


def _checking(number: str, address: str) -> dict[str, str]:
    return {
        "qr_alt": _("Code that leads to %(address)s") % {"address": address},
        "check_title": _("Check this title"),
        "check": _("This page says whether the cooperative signed it and whether it still stands:"),
        "offline": _("Without the site, with the signed file and the cooperative’s public key:"),
        "command": f"manage.py verify_title title-{number}.json --key {keys.public_key().hex()}",
        "key_label": _("Signed by key"),
        "keyid": dsse.keyid(keys.public_key()),
    }


def _day(day: Any) -> str:
    return formats.date_format(day, _("j F Y"))
