"""Everything that the site holds on a member, as one ZIP that they take away."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import personal, privacy
from members.models import Member
from members.queries import cooperative
from titles.models import Title

ROOM_WORDS = {
    "members": gettext_lazy(
        "who you are on the register, your keys, vouches and what was decided on you"
    ),
    "payments": gettext_lazy(
        "what you were charged, what you paid, your bank account and mandates"
    ),
    "titles": gettext_lazy("your shares: purchases, titles, transfers, redemptions, credit"),
    "assets": gettext_lazy("equipment that you look after"),
    "bank": gettext_lazy("lines of bank statements that are yours"),
    "tokens": gettext_lazy("your token books: what you got, gave, used, offered and asked for"),
    "metering": gettext_lazy("your machines, the meters that count for you, and their readings"),
    "governance": gettext_lazy("what you proposed and how you voted"),
    "ledger": gettext_lazy("your accounts in the books, with every entry"),
}


def archive_of(member: Member) -> bytes:
    """The ZIP: README.txt, a JSON file for each room of the site, the signed titles."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents_of(member):
            archive.writestr(name, content)
    return file.getvalue()


def contents_of(member: Member) -> Iterator[tuple[str, bytes]]:
    """The files by name."""
    found = privacy.data_on(member)
    yield "README.txt", read_me(member, found).encode()
    for room, data in found.items():
        yield f"data/{room}.json", _json(data)
    yield from _titles(member)


def read_me(member: Member, found: dict[str, Any]) -> str:
    """What is in the archive, in words."""
    lines = [
        _("Everything that %(cooperative)s holds on %(name)s")
        % {"cooperative": cooperative().legal_name, "name": member.name},
        _("Made on %(moment)s.") % {"moment": timezone.localtime().isoformat(timespec="seconds")},
        "",
        _("Each file in “data” is JSON in UTF-8, one for each part of the site:"),
        *(f"  data/{room}.json: {ROOM_WORDS.get(room, room)}" for room in found),
        "",
        _("“rows” are the tables of the site, column by column; “summary” says the same in short."),
        _("Amounts of money are in cents, tokens in thousandths, times in ISO 8601."),
        _("“titles” has your signed titles, byte for byte, and the salt that proves your name."),
        "",
        _("Not in it, because it is not about you alone:"),
        *(f"  {model}: {reason}" for model, reason in personal.LEFT_OUT.items()),
        _("Of your password the site keeps only a hash, which it gives to nobody."),
    ]
    return "\n".join(lines) + "\n"


def _titles(member: Member) -> Iterator[tuple[str, bytes]]:
    for title in Title.objects.filter(member=member).order_by("number"):
        name = f"titles/title-{title.number:04d}"
        yield f"{name}.json", bytes(title.envelope)
        yield f"{name}.salt", f"{bytes(title.salt).hex()}\n".encode()


def _json(data: Any) -> bytes:
    text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode() + b"\n"
