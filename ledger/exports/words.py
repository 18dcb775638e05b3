"""How numbers, moments and owners are written in every export."""

from datetime import UTC, datetime

from ledger.access import PERSON, Reader, pseudonym


def decimal(amount: int, exponent: int) -> str:
    """An amount of the smallest unit as a decimal with all its places: -6364 → "-63.64"."""
    whole, rest = divmod(abs(amount), 10**exponent)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{exponent}d}" if exponent else f"{sign}{whole}"


def instant(moment: datetime) -> str:
    """A moment in UTC, always with microseconds: "2026-11-22T18:00:29.123456Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def owner_text(reader: Reader, owner: str) -> str:
    """An owner as this reader may see it, the same in every language.

    A member is "member/NUMBER ON THE REGISTER" or "holder/PSEUDONYM"; somebody without a number
    is "unnumbered/…".
    """
    return PERSON.sub(lambda found: _person(reader, found.group(0)), owner)


def _person(reader: Reader, person: str) -> str:
    if not reader.may_name(person):
        return f"holder/{pseudonym(person)}"
    number = reader.numbers.get(person)
    return f"unnumbered/{person.partition('/')[2]}" if number is None else f"member/{number}"
