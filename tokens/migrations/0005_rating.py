"""Late usage, credit limits, and what members allow themselves."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT

RULES = """
CREATE TRIGGER tokens_adjustment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_adjustment FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER tokens_latecharge_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_latecharge FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER tokens_latecharge_append_only ON tokens_latecharge;
DROP TRIGGER tokens_adjustment_append_only ON tokens_adjustment;
"""


def key() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


class Migration(migrations.Migration):
    """Adds three tables, and to settlements what went beyond a credit limit."""

    dependencies: ClassVar = [
        ("tokens", "0004_closing"),
        ("ledger", "0002_rules"),
        ("members", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.AddField(
            "settlement",
            "beyond_limit",
            models.BigIntegerField(default=0, help_text="of the overage, beyond the credit limit"),
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", key()),
                ("from_expired", models.BigIntegerField()),
                ("over", models.BigIntegerField()),
                ("cost_part", models.BigIntegerField()),
                ("profit", models.BigIntegerField()),
                (
                    "usage",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="adjustment", to="tokens.usage"
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="adjustments", to="tokens.book"
                    ),
                ),
                (
                    "booked_in",
                    models.ForeignKey(on_delete=PROTECT, related_name="late", to="tokens.yield"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LateCharge",
            fields=[
                ("id", key()),
                ("over", models.BigIntegerField(help_text="millitokens")),
                ("cost_part", models.BigIntegerField()),
                ("profit", models.BigIntegerField()),
                ("to_prepaid", models.BigIntegerField(default=0)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="late_charges", to="tokens.book"
                    ),
                ),
                (
                    "booked_in",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="late_charges", to="tokens.yield"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("book", "booked_in"), name="tokens_latecharge_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(to_prepaid__gte=0), name="tokens_latecharge_prepaid_positive"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="OverageWish",
            fields=[
                ("id", key()),
                ("may_go_over", models.BooleanField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="overage_wish", to="members.member"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
