"""What token books keep of a person, in short. Nothing in them can go: charges rest on it."""

from typing import Any

from django.db.models import Q

from members.models import Member
from tokens.models import Book, Gift, Loan, Voucher


def data_on(member: Member) -> dict[str, Any]:
    """The periods and pools in which they had a token book, and what they handed on from it."""
    books = Book.objects.filter(member=member).order_by("pk")
    names = ("yields__period__code", "yields__pool__code", "yields__resource__code")
    return {
        "books": [
            dict(zip(("period", "pool", "resource"), row, strict=True))
            for row in books.values_list(*names)
        ],
        "gifts": _gifts(member),
        "loans": _loans(member),
        "vouchers": [
            {"id": str(v.uuid), "millitokens": v.amount, "taken_out": v.issued_at.isoformat()}
            for v in Voucher.objects.filter(book__member=member)
        ],
    }


def _gifts(member: Member) -> list[dict[str, Any]]:
    """Gifts made and got: what, when, and on which side they were."""
    mine = Gift.objects.filter(Q(giver__member=member) | Q(receiver__member=member))
    return [
        {
            "side": "giver" if row.giver.member_id == member.pk else "receiver",
            "millitokens": row.amount,
            "state": row.state,
            "at": row.created_at.isoformat(),
        }
        for row in mine.select_related("giver").order_by("pk")
    ]


def _loans(member: Member) -> list[dict[str, Any]]:
    """Loans made and taken: what, when, what is outstanding, and on which side they were."""
    mine = Loan.objects.filter(Q(lender__member=member) | Q(borrower__member=member))
    return [
        {
            "side": "lender" if row.lender.member_id == member.pk else "borrower",
            "millitokens": row.amount,
            "outstanding": row.outstanding,
            "state": row.state,
            "at": row.created_at.isoformat(),
        }
        for row in mine.select_related("lender").order_by("pk")
    ]
