"""Tables of bank statements that came in: files, statements, lines, and what became of them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models import Member
from payments.models import Charge


class TableShape(models.Model):
    """One row says how to read the tables (CSV) of one bank; kept by a treasurer under a name."""

    name = models.CharField(max_length=60, unique=True)
    columns = models.JSONField(help_text="the fields of bank.files.table.Columns")
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.name


class BankFile(models.Model):
    """One row is a file that was imported whole, known by the hash of its bytes; append-only."""

    class Format(models.TextChoices):
        """What a file can be."""

        CAMT = "camt", "camt.053"
        CSV = "csv", "CSV"

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=4, choices=Format)
    size = models.IntegerField(help_text="bytes")
    imported_at = models.DateTimeField(auto_now_add=True)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entries = models.IntegerField(help_text="lines in it")
    added = models.IntegerField(help_text="lines that no earlier file had told")

    def __str__(self) -> str:
        return self.name


class Statement(models.Model):
    """One row is one statement of our account as the bank sent it; append-only.

    `total` is the sum of all its entries, `known_total` that of the `known` ones, which an earlier
    file had told already. A table without balances has none.
    """

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="statements")
    iban = models.CharField(max_length=34)
    identification = models.CharField(max_length=70)
    begins = models.DateField()
    ends = models.DateField()
    opening = models.BigIntegerField(null=True, help_text="cents")
    closing = models.BigIntegerField(null=True, help_text="cents")
    total = models.BigIntegerField(help_text="cents")
    entries = models.IntegerField()
    known = models.IntegerField(default=0)
    known_total = models.BigIntegerField(default=0, help_text="cents")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["iban", "identification", "begins", "opening"],
                nulls_distinct=False,
                name="bank_statement_once",
            ),
            models.CheckConstraint(
                condition=Q(opening=None, closing=None) | Q(closing=F("opening") + F("total")),
                name="bank_statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(known__gte=0, known__lte=F("entries")), name="bank_statement_known"
            ),
        ]
        indexes = [models.Index(fields=["iban", "-ends"])]

    def __str__(self) -> str:
        return self.identification


class Line(models.Model):
    """One row is one movement on our account, told once whatever files tell it again.

    What the bank said never changes; `state`, `charge` and `member` say what became of it, and
    `Decision` how. `arrival_txn_id` is the transaction that brought it into the books.
    """

    class State(models.TextChoices):
        """new → matched, or one of those that wait for a person → decided."""

        NEW = "new", _("not looked at yet")
        MATCHED = "matched", _("matched")
        PARTLY = "partly", _("less than is owed")
        OVER = "over", _("more than is owed")
        DUPLICATE = "duplicate", _("paid before")
        UNKNOWN = "unknown", _("no known reference")
        BY_HAND = "by_hand", _("to be decided by hand")
        DECIDED = "decided", _("decided")
        NOT_OURS = "not_ours", _("not ours")
        RETURNED = "returned", _("went back")

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    place = models.IntegerField(help_text="in its statement, from 1")
    identity = models.CharField(max_length=64, unique=True)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    amount = models.BigIntegerField(help_text="cents, above zero where money came in")
    bank_ref = models.CharField(max_length=120, blank=True)
    end_to_end = models.CharField(max_length=35, blank=True)
    references = ArrayField(models.CharField(max_length=25), default=list)
    is_structured = models.BooleanField(default=False)
    text = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=140, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    code = models.CharField(max_length=40, blank=True)
    batch = models.CharField(max_length=35, blank=True)
    is_return = models.BooleanField(default=False)
    reason = models.CharField(max_length=140, blank=True)
    arrival_txn_id = models.BigIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    other = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+",
        help_text="the line that takes this one back, or that it takes back",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="bank_line_not_zero"),
        ]
        indexes = [
            models.Index(fields=["state", "booked_on"]),
            models.Index(fields=["end_to_end"], condition=~Q(end_to_end=""), name="bank_line_e2e"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount}"


WAITING = (
    Line.State.PARTLY,
    Line.State.OVER,
    Line.State.DUPLICATE,
    Line.State.UNKNOWN,
    Line.State.BY_HAND,
)
"""Lines that wait for a treasurer."""
UNASSIGNED = (Line.State.NEW, *WAITING, Line.State.NOT_OURS)
"""Lines whose money stands on the account `unassigned`."""


class Decision(models.Model):
    """One row is one step of a line: what was decided, by whom, what it booked; append-only.

    A decision is undone by a later one that names it in `undoes` and books its opposite.
    """

    class Kind(models.TextChoices):
        """What can become of a line."""

        LOOKED = "looked", _("looked at")
        MATCHED = "matched", _("matched by its reference and amount")
        CHARGES = "charges", _("assigned to charges")
        PREPAID = "prepaid", _("put on a prepaid balance")
        REFUND = "refund", _("to be sent back")
        NOT_OURS = "not_ours", _("not ours")
        FEE = "fee", _("bank fee")
        IN_BOOKS = "in_books", _("in the books already")
        PAYOUT = "payout", _("a payout of ours")
        PAYOUT_BACK = "payout_back", _("a payout of ours that came back")
        RETURN = "return", _("takes an earlier line back")
        UNDONE = "undone", _("taken back")

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=Line.State, help_text="of the line after it")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    parts = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    txn_ids = ArrayField(models.BigIntegerField(), default=list, help_text="what it booked itself")
    key = models.CharField(max_length=80, unique=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )

    class Meta:
        ordering = ["pk"]
