"""Transfers, the waiting list, inheritance; what each member holds and has coming, and the cap."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from titles.migrations._moves import FILL, RULES, TRIGGERS, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("titles", "0004_chain_rules"),
        ("assets", "0001_initial"),
        ("ledger", "0003_two_times"),
        ("members", "0004_identity"),
        ("policies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="holds",
            field=models.BooleanField(default=True, help_text="keeps its units from others"),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="state",
            field=models.CharField(
                choices=[
                    ("reserved", "waiting for payment"),
                    ("issued", "issued"),
                    ("credited", "paid, waiting for shares"),
                    ("cancelled", "cancelled"),
                    ("expired", "not paid in time"),
                ],
                default="reserved",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Inheritance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("evidence", models.TextField(help_text="what proved it, and where that is kept")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "deceased",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="estates",
                        to="members.member",
                    ),
                ),
                (
                    "recorded_by",
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
            name="InheritanceShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weight", models.BigIntegerField()),
                (
                    "heir",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inherited_shares",
                        to="members.member",
                    ),
                ),
                (
                    "inheritance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="titles.inheritance",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("inheritance", "heir"), name="titles_inheritanceshare_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gt", 0)),
                        name="titles_inheritanceshare_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("held", models.BigIntegerField()),
                ("pending", models.BigIntegerField()),
                ("base", models.BigIntegerField()),
                ("base_in", models.BigIntegerField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="assets.pool",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("member", "pool"), name="titles_position_one"),
                    models.CheckConstraint(
                        condition=models.Q(("held__gte", 0), ("pending__gte", 0)),
                        name="titles_position_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("count", models.BigIntegerField(help_text="units")),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="purchase_drafts",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.pool",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "pool"), name="titles_purchasedraft_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)),
                        name="titles_purchasedraft_count_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
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
                        choices=[("transfer", "transfer"), ("gift", "gift")],
                        default="transfer",
                        max_length=8,
                    ),
                ),
                ("units", models.BigIntegerField()),
                (
                    "numbers",
                    models.JSONField(
                        default=list, help_text="titles chosen; none means the oldest"
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("code_hash", models.CharField(blank=True, default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "waiting for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "not answered in time"),
                        ],
                        default="offered",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("txn_id", models.BigIntegerField(null=True)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers_given",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="assets.pool",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers_received",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        fields=["receiver", "state"], name="titles_tran_receive_ffbe7c_idx"
                    ),
                    models.Index(
                        fields=["giver", "pool", "state"], name="titles_tran_giver_i_53d2bc_idx"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("units__gt", 0)), name="titles_transfer_units_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("receiver__isnull", True),
                            models.Q(("receiver", models.F("giver")), _negated=True),
                            _connector="OR",
                        ),
                        name="titles_transfer_to_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("receiver__isnull", False),
                            models.Q(("code_hash", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="titles_transfer_leads_to_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("receiver__isnull", False),
                                ("state", "accepted"),
                                ("txn_id__isnull", False),
                            ),
                            models.Q(
                                models.Q(("state", "accepted"), _negated=True), ("txn_id", None)
                            ),
                            _connector="OR",
                        ),
                        name="titles_transfer_accepted_is_booked",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("code_hash", ""), _negated=True),
                        fields=("code_hash",),
                        name="titles_transfer_code_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitingPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wish", models.BigIntegerField(help_text="units")),
                (
                    "takes_part",
                    models.BooleanField(default=False, help_text="fewer units than wished will do"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("offered", "offered to you"),
                            ("taken", "taken"),
                            ("expired", "not taken in time"),
                            ("left", "left the list"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "offered",
                    models.BigIntegerField(default=0, help_text="units kept for the member"),
                ),
                ("offer_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting_places",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting_places",
                        to="assets.pool",
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting_place",
                        to="titles.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(
                        fields=["pool", "state", "created_at"],
                        name="titles_wait_pool_id_cad20b_idx",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "offered"))),
                        fields=("member", "pool"),
                        name="titles_waitingplace_one_each",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offered__gte", 0), ("offered__lte", models.F("wish")), ("wish__gt", 0)
                        ),
                        name="titles_waitingplace_within_wish",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "offered"), _negated=True),
                            models.Q(("offer_until__isnull", False), ("offered__gt", 0)),
                            _connector="OR",
                        ),
                        name="titles_waitingplace_offer_has_a_day",
                    ),
                ],
            },
        ),
        migrations.RunSQL(RULES + FILL + TRIGGERS, UNDO),
    ]
