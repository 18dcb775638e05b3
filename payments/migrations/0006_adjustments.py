"""Lines for late usage, and profit given back where use is corrected after the close."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT

KINDS = [
    ("units", "shares bought"),
    ("own", "own allocation at cost"),
    ("purchase", "beyond the allocation"),
    ("prepaid", "paid ahead"),
    ("fee", "reminder fee"),
    ("adjustment", "used in a closed period, counted late"),
]
RULES = """
CREATE TRIGGER payments_creditreturn_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_creditreturn FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = "DROP TRIGGER payments_creditreturn_append_only ON payments_creditreturn;"


class Migration(migrations.Migration):
    """Lets one kind of line be below zero: what a closed period was charged too much."""

    dependencies: ClassVar = [("payments", "0005_campaigns"), ("ledger", "0002_rules")]
    operations: ClassVar = [
        migrations.AddField(
            "chargeline",
            "period",
            models.CharField(
                max_length=10,
                blank=True,
                default="",
                help_text="the closed one that an adjustment is for",
            ),
        ),
        migrations.AlterField("chargeline", "kind", models.CharField(max_length=10, choices=KINDS)),
        migrations.RemoveConstraint("chargeline", "payments_chargeline_not_negative"),
        migrations.AddConstraint(
            "chargeline",
            models.CheckConstraint(
                condition=Q(kind="adjustment", profit__gte=0) | Q(cost__gte=0, profit__gte=0),
                name="payments_chargeline_not_negative",
            ),
        ),
        migrations.AddConstraint(
            "chargeline",
            models.CheckConstraint(
                condition=~Q(kind="adjustment") | ~Q(period=""),
                name="payments_chargeline_adjustment_names_period",
            ),
        ),
        migrations.CreateModel(
            name="CreditReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fund", models.CharField(max_length=40, help_text="the code of the pool")),
                ("amount", models.BigIntegerField(help_text="cents")),
                (
                    "about",
                    models.CharField(
                        max_length=80, help_text="period:2026-05, the one that was corrected"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                ("txn_id", models.BigIntegerField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="credit_returns", to="members.member"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(amount__gt=0), name="payments_creditreturn_positive"
                    )
                ]
            },
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
