"""Who may see whose accounts by name: the books are open, their owners pseudonymous.

The ledger knows nothing of members; the site tells it once, at start, how to find out what a
user may see (`name_owners_with`). Until told, everybody reads pseudonyms.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

NBSP = "\u00a0"
PERSON = re.compile(r"member/(\d+)")
PUBLIC_MATTERS = ("pool", "period", "yield")
"""What a transaction may be about before everybody: no one person's business."""


@dataclass(frozen=True)
class Reader:
    """What one user may see: everybody by number, or only the owners in `own`.

    `numbers` maps an owner such as "member/12" to the number on the register. `corrects` says
    whether the user may book corrections.
    """

    sees_all: bool
    own: frozenset[str]
    numbers: dict[str, int]
    corrects: bool = False

    def may_name(self, owner: str) -> bool:
        """Whether the person in an owner string may be named; true where there is none."""
        person = PERSON.search(owner)
        return person is None or self.sees_all or person.group(0) in self.own

    def may_name_all(self, owners: Iterable[str]) -> bool:
        """Whether every person among some owners may be named."""
        return self.sees_all or all(self.may_name(owner) for owner in owners)

    def matter(self, about: str, owners: Iterable[str]) -> str:
        """What a transaction is about, with the owners of its accounts.

        A charge or a purchase leads to one person, also by what others publish about it (a title
        names its subscription), so it is "" for whoever may not name everybody concerned.
        """
        if about.partition(":")[0] in PUBLIC_MATTERS or self.sees_all:
            return about
        concerned = [owner for owner in owners if PERSON.search(owner)]
        return about if concerned and self.may_name_all(concerned) else ""

    def label(self, owner: str) -> str:
        """The owner as this reader may see it; "" for the cooperative itself."""
        named = PERSON.sub(lambda found: self.person(found.group(0)), owner)
        pooled = re.sub(r"^pool/", _("pool") + NBSP, named)
        return pooled.replace("/", " · ")

    def person(self, owner: str) -> str:
        """One member: by number where that is open to the reader, else by pseudonym."""
        if not self.may_name(owner):
            return _("holder %(pseudonym)s") % {"pseudonym": pseudonym(owner)}
        number = self.numbers.get(owner, owner.partition("/")[2])
        return _("member %(number)s") % {"number": number}


NOBODY = Reader(sees_all=False, own=frozenset(), numbers={})
_read_as: Callable[[Any], Reader] = lambda _user: NOBODY  # noqa: E731


def name_owners_with(rule: Callable[[Any], Reader]) -> None:
    """Take the site's rule of who may see which names."""
    global _read_as
    _read_as = rule


def reader_of(user: Any) -> Reader:
    """What this user may see."""
    return _read_as(user)


def pseudonym(owner: str) -> str:
    """A stable name that does not lead back to the person without the site's secret."""
    secret = settings.SECRET_KEY.encode()
    return hmac.new(secret, owner.encode(), hashlib.sha256).hexdigest()[:8]
