"""Members whom a text names: “@12”, or “@” and a name as the register has it.

Names are kept as numbers and shown as names: so a post by somebody else no longer names a member
who was erased.
"""

import re
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from governance import clock
from governance.errors import AmbiguousMention, TooManyMentions, UnknownMention
from members.access import READING
from members.models import Member
from policies.queries import policy

BY_NUMBER = re.compile(r"(?<![\w.@/])@(\d{1,9})\b")
BY_NAME = re.compile(r"(?<![\w.@/])@([^\W\d_][\w'’-]*)")


def with_numbers(text: str) -> tuple[str, list[Member]]:
    """The text with each named member's number in the place of the name; and who they are.

    A first name alone is enough where one member has it; a word that is nobody's name stays as
    it is. Raises UnknownMention, AmbiguousMention, TooManyMentions.
    """
    text = _names_replaced(text)
    numbers = {int(number) for number in BY_NUMBER.findall(text)}
    most = policy("mentions_per_post", clock.now())
    if len(numbers) > most:
        raise TooManyMentions(most=most)
    found = list(_members().filter(number__in=numbers).order_by("number"))
    for number in sorted(numbers - {member.number for member in found}):
        raise UnknownMention(number=number)
    return text, found


def _names_replaced(text: str) -> str:
    people = _called({found[1] for found in BY_NAME.finditer(text)})
    parts, end = [], 0
    for mark in BY_NAME.finditer(text):
        named = _named_at(text[mark.start() + 1 :], mark[1], people)
        if named is not None and mark.start() >= end:
            member, length = named
            parts += [text[end : mark.start()], f"@{member.number}"]
            end = mark.start() + 1 + length
    return "".join(parts) + text[end:]


def _called(words: set[str]) -> list[Member]:
    """Members whose name begins with one of these words."""
    if not words:
        return []
    return list(_members().filter(reduce(or_, (Q(name__istartswith=word) for word in words))))


def _named_at(text: str, word: str, people: list[Member]) -> tuple[Member, int] | None:
    """Whom a text names at its beginning, and with how many characters; the longest name wins."""
    full = [member for member in people if _begins(text, member.name)]
    if full:
        length = max(len(member.name) for member in full)
        return _only([m for m in full if len(m.name) == length], text[:length]), length
    first = [m for m in people if m.name.split()[0].casefold() == word.casefold()]
    return (_only(first, word), len(word)) if first else None


def _begins(text: str, name: str) -> bool:
    same = text[: len(name)].casefold() == name.casefold()
    return same and not re.match(r"[\w-]", text[len(name) :])


def _only(members: list[Member], name: str) -> Member:
    if len(members) > 1:
        numbers = ", ".join(f"@{number}" for number in sorted(m.number or 0 for m in members))
        raise AmbiguousMention(name=name, numbers=numbers)
    return members[0]


def _members() -> QuerySet[Member]:
    return Member.objects.filter(state__in=READING, number__isnull=False)
