"""Tables of the books. Entries are written by the database function `ledger_post` alone."""

from datetime import UTC, datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""between these a transaction can count: every program that reads the books can spell them"""


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

    commodity = models.ForeignKey(
        Commodity, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    kind = models.CharField(max_length=40)
    owner = models.CharField(max_length=120, blank=True, default="")
    floor = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commodity", "kind", "owner"], name="ledger_account_once_each"
            ),
        ]
        indexes = [models.Index(fields=["owner", "kind"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}".strip()


class Balance(models.Model):
    """One row is the kept balance of one account: the only rows of the books that change.

    `version` counts the account's entries, `recorded_at` is that of the last one (None before the
    first). Made with the account by a trigger.
    """

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="balance"
    )
    amount = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField(null=True)

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
    conflict. `about` names what it is for ("subscription:12"). `recorded_at` is when we knew,
    `effective_at` when it counts. In the database also: `xid`, the database transaction that
    wrote it, and `salt`, which keeps its details secret in the log (docs/ledger.md).
    """

    source = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    body_hash = models.BinaryField()
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=120, blank=True)
    actor = models.CharField(max_length=40, blank=True)
    memo = models.CharField(max_length=300, blank=True)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="ledger_transaction_key_once"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=EARLIEST, effective_at__lt=LATEST),
                name="ledger_transaction_plausible_moment",
            ),
        ]
        indexes = [
            BrinIndex(fields=["recorded_at", "effective_at"], name="ledger_transaction_times"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}".strip()


class Entry(models.Model):
    """One row moves an amount into (positive) or out of one account; append-only.

    `version` runs 1, 2, 3 … per account without a gap, and `recorded_at`, which is that of the
    transaction, never goes back along it; `balance_after` is in that order. The table is
    partitioned by the month of `recorded_at`; what it refers to is checked by its trigger, a
    statement at a time, not by foreign keys.
    """

    pk = models.CompositePrimaryKey("account_id", "recorded_at", "version")
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, related_name="entries", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    recorded_at = models.DateTimeField()
    version = models.BigIntegerField()
    txn = models.ForeignKey(
        Transaction, on_delete=models.DO_NOTHING, related_name="entries", db_constraint=False
    )
    commodity = models.ForeignKey(
        Commodity, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_not_zero"),
        ]


class Document(models.Model):
    """One row is a signed document that the log covers, by its digest alone; append-only.

    `digest` is 32 bytes; who has the document can recompute it.
    """

    kind = models.CharField(max_length=20)
    digest = models.BinaryField(unique=True)
    recorded_at = models.DateTimeField(db_default=Now())


class Leaf(models.Model):
    """One row is a place in the log: which transaction or document stands there; append-only.

    `entries_count` and `entries_root` (32 bytes) are what the leaf says of a transaction's
    entries, so that it can be given out when those have been detached.
    """

    index = models.BigIntegerField(primary_key=True)
    txn = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, null=True, related_name="leaf"
    )
    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, null=True, related_name="leaf"
    )
    entries_count = models.IntegerField(default=0)
    entries_root = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(txn=None, document__isnull=False, entries_root=None)
                | Q(txn__isnull=False, document=None, entries_root__isnull=False),
                name="ledger_leaf_of_one_thing",
            ),
        ]


class Tile(models.Model):
    """One row is a tile of the log: up to 256 hashes of 32 bytes; it only ever grows."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    data = models.BinaryField()


class Checkpoint(models.Model):
    """One row is a signed head of the log: its size, its root and the note; append-only.

    `xid_floor`: every record of an earlier database transaction is in the log.
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    sealed_at = models.DateTimeField()
    xid_floor = models.BigIntegerField()


class Cut(models.Model):
    """One row says that entries recorded before a moment were detached; append-only.

    `document` holds the digest of the balances at that moment, which `Carried` has.
    """

    through = models.DateTimeField(unique=True)
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="cut")
    cut_at = models.DateTimeField(db_default=Now())


class Carried(models.Model):
    """One row is what an account held at the last cut, after how many entries."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="carried"
    )
    version = models.BigIntegerField()
    amount = models.BigIntegerField()
