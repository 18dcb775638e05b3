"""Bank statements that came in."""

import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from bank.migrations._statements import RULES, UNDO


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("ledger", "0002_rules"),
        ("members", "0002_rules"),
        ("payments", "0003_prepaid"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BankFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "format",
                    models.CharField(choices=[("camt", "camt.053"), ("csv", "CSV")], max_length=4),
                ),
                ("size", models.IntegerField(help_text="bytes")),
                ("imported_at", models.DateTimeField(auto_now_add=True)),
                ("entries", models.IntegerField(help_text="lines in it")),
                ("added", models.IntegerField(help_text="lines that no earlier file had told")),
                (
                    "imported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.IntegerField(help_text="in its statement, from 1")),
                ("identity", models.CharField(max_length=64, unique=True)),
                ("booked_on", models.DateField()),
                ("value_on", models.DateField(null=True)),
                (
                    "amount",
                    models.BigIntegerField(help_text="cents, above zero where money came in"),
                ),
                ("bank_ref", models.CharField(blank=True, max_length=120)),
                ("end_to_end", models.CharField(blank=True, max_length=35)),
                (
                    "references",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=25), default=list, size=None
                    ),
                ),
                ("is_structured", models.BooleanField(default=False)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("name", models.CharField(blank=True, max_length=140)),
                ("iban", models.CharField(blank=True, max_length=34)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("batch", models.CharField(blank=True, max_length=35)),
                ("is_return", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, max_length=140)),
                ("arrival_txn_id", models.BigIntegerField(unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not looked at yet"),
                            ("matched", "matched"),
                            ("partly", "less than is owed"),
                            ("over", "more than is owed"),
                            ("duplicate", "paid before"),
                            ("unknown", "no known reference"),
                            ("by_hand", "to be decided by hand"),
                            ("decided", "decided"),
                            ("not_ours", "not ours"),
                            ("returned", "went back"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.charge",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        help_text="the line that takes this one back, or that it takes back",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bank.line",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("looked", "looked at"),
                            ("matched", "matched by its reference and amount"),
                            ("charges", "assigned to charges"),
                            ("prepaid", "put on a prepaid balance"),
                            ("refund", "to be sent back"),
                            ("not_ours", "not ours"),
                            ("fee", "bank fee"),
                            ("in_books", "in the books already"),
                            ("payout", "a payout of ours"),
                            ("payout_back", "a payout of ours that came back"),
                            ("return", "takes an earlier line back"),
                            ("undone", "taken back"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not looked at yet"),
                            ("matched", "matched"),
                            ("partly", "less than is owed"),
                            ("over", "more than is owed"),
                            ("duplicate", "paid before"),
                            ("unknown", "no known reference"),
                            ("by_hand", "to be decided by hand"),
                            ("decided", "decided"),
                            ("not_ours", "not ours"),
                            ("returned", "went back"),
                        ],
                        help_text="of the line after it",
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "parts",
                    models.JSONField(
                        default=list, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                (
                    "txn_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="what it booked itself",
                        size=None,
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="bank.decision",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="bank.line",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("iban", models.CharField(max_length=34)),
                ("identification", models.CharField(max_length=70)),
                ("begins", models.DateField()),
                ("ends", models.DateField()),
                ("opening", models.BigIntegerField(help_text="cents", null=True)),
                ("closing", models.BigIntegerField(help_text="cents", null=True)),
                ("total", models.BigIntegerField(help_text="cents")),
                ("entries", models.IntegerField()),
                ("known", models.IntegerField(default=0)),
                ("known_total", models.BigIntegerField(default=0, help_text="cents")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="bank.bankfile",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="line",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="bank.statement",
            ),
        ),
        migrations.CreateModel(
            name="TableShape",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("columns", models.JSONField(help_text="the fields of bank.files.table.Columns")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["iban", "-ends"], name="bank_statem_iban_9e214a_idx"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                fields=("iban", "identification", "begins", "opening"),
                nulls_distinct=False,
                name="bank_statement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closing", None), ("opening", None)),
                    (
                        "closing",
                        django.db.models.expressions.CombinedExpression(
                            models.F("opening"), "+", models.F("total")
                        ),
                    ),
                    _connector="OR",
                ),
                name="bank_statement_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("known__gte", 0), ("known__lte", models.F("entries"))),
                name="bank_statement_known",
            ),
        ),
        migrations.AddIndex(
            model_name="line",
            index=models.Index(fields=["state", "booked_on"], name="bank_line_state_ceb085_idx"),
        ),
        migrations.AddIndex(
            model_name="line",
            index=models.Index(
                condition=models.Q(("end_to_end", ""), _negated=True),
                fields=["end_to_end"],
                name="bank_line_e2e",
            ),
        ),
        migrations.AddConstraint(
            model_name="line",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="bank_line_not_zero"
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
