"""Orders that go to the bank."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from bank.migrations._orders import RULES, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0001_initial"),
        ("ledger", "0002_rules"),
        ("payments", "0004_payouts"),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectionOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=35, unique=True)),
                ("day", models.DateField(help_text="execution of payouts, collection of debits")),
                ("key", models.CharField(max_length=80, unique=True)),
                ("made_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
                ("total", models.BigIntegerField(help_text="cents")),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("creditor", models.CharField(help_text="creditor identifier", max_length=35)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PaymentOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=35, unique=True)),
                ("day", models.DateField(help_text="execution of payouts, collection of debits")),
                ("key", models.CharField(max_length=80, unique=True)),
                ("made_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
                ("total", models.BigIntegerField(help_text="cents")),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CollectionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sequence",
                    models.CharField(choices=[("FRST", "FRST"), ("RCUR", "RCUR")], max_length=4),
                ),
                ("returned_on", models.DateField(null=True)),
                ("reason_code", models.CharField(blank=True, max_length=4)),
                ("return_key", models.CharField(blank=True, max_length=80)),
                (
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="payments.charge",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="payments.mandate",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="bank.collectionorder",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("returned_on", None)),
                        fields=("charge",),
                        name="bank_collectionitem_once_at_a_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("return_key", ""), _negated=True),
                        fields=("return_key",),
                        name="bank_collectionitem_return_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentOrderItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="bank.paymentorder",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="payments.payout",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payout", "round"), name="bank_paymentorderitem_once_a_round"
                    )
                ],
            },
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
