"""Tables of the books. Entries are written by the database function `ledger_post` alone."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Commodity(models.Model):
    """One row is a thing that is counted: a currency, units of a pool, tokens of a yield."""

    class Kind(models.TextChoices):
        """What sort of thing it is."""

        MONEY = "money"
        UNIT = "unit"
        TOKEN = "token"

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=5, choices=Kind)
    exponent = models.SmallIntegerField(help_text="decimal places of the smallest unit")

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """One row is a place where an amount of one commodity can be.

    `owner` is a name given by the app above ("member/12", "pool/backbone"); `kind` says what is
    kept. An account with a floor can never go below it.
    """

    commodity = models.ForeignKey(Commodity, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=40)
    owner = models.CharField(max_length=120, blank=True, default="")
    floor = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commodity", "kind", "owner"], name="ledger_account_once_each"
            ),
            models.UniqueConstraint(fields=["id", "commodity"], name="ledger_account_commodity"),
        ]
        indexes = [models.Index(fields=["owner", "kind"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}".strip()


class Balance(models.Model):
    """One row is the kept balance of one account: the only rows of the books that change.

    `version` counts the account's entries. Made with the account by a trigger.
    """

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="balance"
    )
    amount = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(floor=None) | Q(amount__gte=F("floor")),
                name="ledger_balance_not_below_floor",
            ),
        ]


class Transaction(models.Model):
    """One row is one fact: entries that sum to zero per commodity; append-only.

    `source` and `key` together come only once, for ever; `body_hash` tells a repeat from a
    conflict. `about` names what it is for ("subscription:12"). `posted_at` is when we knew,
    `effective_at` when it counts. `xid` is the database transaction that wrote it.
    """

    source = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    body_hash = models.BinaryField()
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=120, blank=True)
    actor = models.CharField(max_length=40, blank=True)
    memo = models.CharField(max_length=300, blank=True)
    effective_at = models.DateTimeField()
    posted_at = models.DateTimeField()
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="ledger_transaction_key_once"),
        ]
        indexes = [models.Index(fields=["about"]), models.Index(fields=["posted_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}".strip()


class Entry(models.Model):
    """One row moves an amount into (positive) or out of one account; append-only.

    `version` runs 1, 2, 3 … per account without a gap; `balance_after` is in posting order.
    """

    pk = models.CompositePrimaryKey("account_id", "version")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    version = models.BigIntegerField()
    txn = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="entries")
    commodity = models.ForeignKey(Commodity, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_not_zero"),
        ]
