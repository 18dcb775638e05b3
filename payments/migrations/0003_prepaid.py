"""Prepaid balances and where a payment came from."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from payments.migrations._prepaid import RETURN, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0002_rules"),
        ("members", "0002_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("returned_on", models.DateField()),
                ("reason", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "txn_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="what was booked", size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PrepaidWish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("settles", models.BooleanField(help_text="whenever the balance covers a charge")),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProviderNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("notice", models.CharField(max_length=80)),
                ("reference", models.CharField(max_length=25)),
                ("amount", models.BigIntegerField(help_text="cents")),
                ("received_on", models.DateField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                ("refusal", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="charge",
            name="payments_charge_once_a_period",
        ),
        migrations.AddField(
            model_name="payment",
            name="source",
            field=models.CharField(
                choices=[
                    ("hand", "marked by hand"),
                    ("bank", "bank statement"),
                    ("prepaid", "prepaid balance"),
                    ("provider", "payment service"),
                ],
                default="hand",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="source_about",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AlterField(
            model_name="charge",
            name="kind",
            field=models.CharField(
                choices=[
                    ("subscription", "shares"),
                    ("period", "use and cost of a period"),
                    ("prepaid", "prepaid balance"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="charge",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("paid", "paid"),
                    ("cancelled", "cancelled"),
                    ("returned", "the money went back"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="chargeline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("units", "shares bought"),
                    ("own", "own allocation at cost"),
                    ("purchase", "beyond the allocation"),
                    ("prepaid", "paid ahead"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind", "period"), models.Q(("state", "returned"), _negated=True)
                ),
                fields=("member", "kind", "about"),
                name="payments_charge_once_a_period",
            ),
        ),
        migrations.AddField(
            model_name="paymentreturn",
            name="again",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="instead_of",
                to="payments.charge",
            ),
        ),
        migrations.AddField(
            model_name="paymentreturn",
            name="payment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="taken_back",
                to="payments.payment",
            ),
        ),
        migrations.AddField(
            model_name="paymentreturn",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="prepaidwish",
            name="member",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="prepaid_wish",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="providernotice",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="payments.payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="providernotice",
            constraint=models.UniqueConstraint(
                fields=("provider", "notice"), name="payments_providernotice_once"
            ),
        ),
        migrations.RunSQL(RETURN, UNDO),
    ]
