"""Payouts, mandates, reminders."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from payments.migrations._payouts import RULES, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_rules"),
        ("members", "0004_identity"),
        ("payments", "0003_prepaid"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder", models.CharField(max_length=70)),
                ("iban", models.CharField(max_length=34)),
                ("bic", models.CharField(blank=True, max_length=11)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="where another than the member", max_length=200
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_accounts",
                        to="members.member",
                    ),
                ),
                (
                    "set_by",
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
            name="Mail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("address", models.EmailField(blank=True, max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("file_name", models.CharField(blank=True, max_length=80)),
                ("file", models.BinaryField(default=b"")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(help_text="MD…", max_length=35, unique=True)),
                ("holder", models.CharField(max_length=70)),
                ("iban", models.CharField(max_length=34)),
                ("bic", models.CharField(blank=True, max_length=11)),
                ("signed_on", models.DateField()),
                ("consent", models.TextField(help_text="the words that the member agreed to")),
                ("language", models.CharField(max_length=8)),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("collected_on", models.DateField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_because", models.CharField(blank=True, max_length=200)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MandateAmendment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("old_iban", models.CharField(max_length=34)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "told_in",
                    models.CharField(
                        blank=True,
                        help_text="the file that told the bank, by its message id",
                        max_length=35,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="payments.mandate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MemberDefault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "charge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="default",
                        to="payments.charge",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="defaults",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="cents")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("redemption", "shares given back"),
                            ("credit", "credit paid out"),
                            ("refund", "money sent back"),
                            ("prepaid", "prepaid balance paid out"),
                        ],
                        max_length=12,
                    ),
                ),
                ("about", models.CharField(max_length=140)),
                (
                    "purse_account_id",
                    models.BigIntegerField(help_text="the ledger account that pays"),
                ),
                (
                    "source_account_id",
                    models.BigIntegerField(
                        help_text="the ledger account that a cancelled payout goes back to",
                        null=True,
                    ),
                ),
                (
                    "reference",
                    models.CharField(help_text="end-to-end, PO…", max_length=35, unique=True),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "waits for approval"),
                            ("approved", "approved by two"),
                            ("ordered", "ordered at the bank"),
                            ("executed", "paid out"),
                            ("returned", "came back"),
                            ("cancelled", "cancelled"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("executed_on", models.DateField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        help_text="what the approvals of this round are for",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.bankaccount",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="members.member",
                    ),
                ),
                (
                    "requested_by",
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
            name="PayoutApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of what was approved, hex", max_length=64),
                ),
                ("approved_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.bankaccount",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="payments.payout",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayoutEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "waits for approval"),
                            ("approved", "approved by two"),
                            ("ordered", "ordered at the bank"),
                            ("executed", "paid out"),
                            ("returned", "came back"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("day", models.DateField(help_text="the day at the bank", null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("key", models.CharField(blank=True, max_length=120)),
                ("txn_id", models.BigIntegerField(null=True)),
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
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="payments.payout",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "reminder"), (2, "second reminder"), (3, "notice of default")]
                    ),
                ),
                ("taken_on", models.DateField()),
                ("days", models.PositiveSmallIntegerField(help_text="days after the due day")),
                ("fee", models.BigIntegerField(default=0, help_text="cents")),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="payments.charge",
                    ),
                ),
                (
                    "fee_charge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fee_of",
                        to="payments.charge",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReminderStop",
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
                            ("paused", "paused by a treasurer"),
                            ("disputed", "disputed by the member"),
                            ("resumed", "goes on"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="payments.charge",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bankaccount",
            index=models.Index(fields=["member", "-id"], name="payments_ba_member__574160_idx"),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                condition=models.Q(("claimed_at", None)),
                fields=["id"],
                name="payments_mail_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("member",),
                name="payments_mandate_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["state", "id"], name="payments_pa_state_d8de26_idx"),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["member", "-id"], name="payments_pa_member__e992c3_idx"),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="payments_payout_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("executed_on", None), ("state", "executed"), _connector="OR"),
                name="payments_payout_day_when_executed",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutapproval",
            constraint=models.UniqueConstraint(
                fields=("payout", "round", "user"), name="payments_approval_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("key",),
                name="payments_payoutevent_key_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("charge", "step"), name="payments_reminder_step_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fee", 0),
                    models.Q(("fee__gt", 0), ("fee_charge__isnull", False)),
                    _connector="OR",
                ),
                name="payments_reminder_fee_has_charge",
            ),
        ),
        migrations.AlterField(
            model_name="charge",
            name="kind",
            field=models.CharField(
                choices=[
                    ("subscription", "shares"),
                    ("period", "use and cost of a period"),
                    ("prepaid", "prepaid balance"),
                    ("fee", "reminder fee"),
                ],
                max_length=12,
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
                    ("fee", "reminder fee"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
