"""What token books keep of a person, in short. Nothing in them can go: charges rest on it."""

from typing import Any

from members.models import Member
from tokens.models import Book


def data_on(member: Member) -> dict[str, Any]:
    """The periods and pools in which they had a token book."""
    books = Book.objects.filter(member=member).order_by("pk")
    names = ("yields__period__code", "yields__pool__code", "yields__resource__code")
    return {
        "books": [
            dict(zip(("period", "pool", "resource"), row, strict=True))
            for row in books.values_list(*names)
        ]
    }
