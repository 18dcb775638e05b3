"""What gifts, loans and movements say and take under /api/v1/: millitokens."""

from typing import Any

from rest_framework import serializers

from tokens.models import Gift, Loan

MOST_MILLITOKENS = 10**15


class GiftSerializer(serializers.ModelSerializer[Gift]):
    """A gift of tokens between two members, by their numbers."""

    period = serializers.CharField(source="giver.yields.period.code", read_only=True)
    pool = serializers.CharField(source="giver.yields.pool.code", read_only=True)
    resource = serializers.CharField(source="giver.yields.resource.code", read_only=True)
    giver = serializers.IntegerField(source="giver.member.number", read_only=True)
    receiver = serializers.IntegerField(source="receiver.member.number", read_only=True)
    gift_state = serializers.CharField(source="state", read_only=True)

    class Meta:
        model = Gift
        fields = (
            "id", "period", "pool", "resource", "giver", "receiver", "amount", "gift_state",
            "created_at", "txn_id",
        )  # fmt: skip
        read_only_fields = fields


class LoanSerializer(serializers.ModelSerializer[Loan]):
    """A loan of tokens between two members, by their numbers; `outstanding` is not back."""

    period = serializers.CharField(source="lender.yields.period.code", read_only=True)
    pool = serializers.CharField(source="lender.yields.pool.code", read_only=True)
    resource = serializers.CharField(source="lender.yields.resource.code", read_only=True)
    lender = serializers.IntegerField(source="lender.member.number", read_only=True)
    borrower = serializers.IntegerField(source="borrower.member.number", read_only=True)
    loan_state = serializers.CharField(source="state", read_only=True)
    outstanding = serializers.IntegerField(read_only=True)

    class Meta:
        model = Loan
        fields = (
            "id", "period", "pool", "resource", "lender", "borrower", "amount", "due_at",
            "loan_state", "returned", "repaid", "outstanding", "created_at", "accepted_at",
        )  # fmt: skip
        read_only_fields = fields


class GiftWishSerializer(serializers.Serializer[Any]):
    """So much of a pool's resource for a member, by number."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    amount = serializers.IntegerField(min_value=1, max_value=MOST_MILLITOKENS)
    receiver = serializers.IntegerField(min_value=1)


class LoanWishSerializer(serializers.Serializer[Any]):
    """So much of a pool's resource for a member, by number, until a moment."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    amount = serializers.IntegerField(min_value=1, max_value=MOST_MILLITOKENS)
    borrower = serializers.IntegerField(min_value=1)
    due_at = serializers.DateTimeField()


class TokenMovementSerializer(serializers.Serializer[Any]):
    """One entry on the member's token account: `account` is own or received."""

    at = serializers.DateTimeField()
    transaction = serializers.IntegerField(source="txn_id")
    kind = serializers.CharField()
    pool = serializers.CharField(source="book.yields.pool.code")
    resource = serializers.CharField(source="book.yields.resource.code")
    account = serializers.CharField()
    amount = serializers.IntegerField()
    balance = serializers.IntegerField()


class HandedSerializer(serializers.Serializer[Any]):
    """What one member gave or lent to another in one period: `way` is gift or loan."""

    period = serializers.CharField()
    pool = serializers.CharField()
    resource = serializers.CharField()
    way = serializers.CharField()
    giver = serializers.IntegerField()
    receiver = serializers.IntegerField()
    count = serializers.IntegerField()
    amount = serializers.IntegerField()
    outstanding = serializers.IntegerField()
    last = serializers.DateTimeField()
