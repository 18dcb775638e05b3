"""Mails about votes: one for each occasion and member, in their language, with one link."""

import re
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, prefetch_related_objects
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from members.models import Member
from members.queries import cooperative
from payments.letters import language_of, written
from payments.models import Mail
from payments.services import put_down

PREFIX = "vote:"
LONGEST_KEY = 90
ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)


def tell(
    members: QuerySet[Member] | Sequence[Member],
    *,
    kind: str,
    context: dict[str, Any],
    path: str,
    key: str,
) -> int:
    """Mails put down for these members, in the transaction of what they tell of; how many.

    `kind` names the template `governance/mails/<kind>.txt`: its first line is the subject, the
    rest the body, without salutation, link or close. `path` is the one link's path on this site.
    `key` (at most 90 characters) names the occasion: each member is told of it once, however
    often this is called. Who has no account is left out. Call inside a transaction.
    """
    if len(key) > LONGEST_KEY:
        raise ValueError(f"too long a key: {key}")
    link = f"{settings.COOP_ADDRESS}{path}"
    coop = cooperative()
    words = cache(partial(_words, kind, context, link))
    new = _not_told(_with_account(members), key)
    put_down([written(mail_key(key, m), m, partial(words, language_of(m)), coop) for m in new])
    return len(new)


def mail_key(key: str, member: Member) -> str:
    """How the table of mails names an occasion for one member."""
    return f"{PREFIX}{key}:{member.pk}"


def _with_account(members: QuerySet[Member] | Sequence[Member]) -> list[Member]:
    people = list(members)
    prefetch_related_objects(people, "user")
    return [member for member in people if member.user is not None]


def _not_told(members: list[Member], key: str) -> list[Member]:
    keys = [mail_key(key, member) for member in members]
    told = set(Mail.objects.filter(key__in=keys).values_list("key", flat=True))
    return [m for m in {m.pk: m for m in members}.values() if mail_key(key, m) not in told]


def _words(kind: str, context: dict[str, Any], link: str, language: str) -> tuple[str, str]:
    """Subject and body; what people wrote into titles makes no second link."""
    template = get_template(f"governance/mails/{kind}.txt").template  # type: ignore[attr-defined]
    with translation.override(language):
        text = template.render(Context(context, autoescape=False)).strip()
    subject, _newline, body = unlinked(text).partition("\n")
    return " ".join(subject.split()), f"{body.strip()}\n\n{link}"


def unlinked(text: str) -> str:
    """The text without anything that a mail program would turn into a link."""
    return ADDRESS.sub(lambda found: f" {found[0][:-1]} {found[0][-1]} ", text)
