"""Redemption and its queue, sell-down, contributions in kind, write-offs, leaving."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE FUNCTION titles_keep_redemption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'redemption % stands', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - 'payout_id') IS DISTINCT FROM (to_jsonb(OLD) - 'payout_id')
       OR (OLD.payout_id IS NOT NULL AND NEW.payout_id IS DISTINCT FROM OLD.payout_id) THEN
        RAISE EXCEPTION 'redemption % stands as it was booked', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_redemption_stands BEFORE UPDATE OR DELETE ON titles_redemption
    FOR EACH ROW EXECUTE FUNCTION titles_keep_redemption();
CREATE TRIGGER titles_redemptionrun_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_redemptionrun FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_contribution_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_contribution FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_writeoff_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_writeoff FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER titles_writeoff_append_only ON titles_writeoff;
DROP TRIGGER titles_contribution_append_only ON titles_contribution;
DROP TRIGGER titles_redemptionrun_append_only ON titles_redemptionrun;
DROP TRIGGER titles_redemption_stands ON titles_redemption;
DROP FUNCTION titles_keep_redemption();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("titles", "0005_moves"),
        ("assets", "0001_initial"),
        ("ledger", "0003_two_times"),
        ("members", "0002_rules"),
        ("payments", "0002_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Leaving",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("resignation", "resignation"),
                            ("transfer", "transfer of all shares"),
                            ("expulsion", "expulsion"),
                            ("death", "death"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("under_way", "under way"),
                            ("finished", "finished"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="under_way",
                        max_length=10,
                    ),
                ),
                ("plan", models.JSONField(default=dict, help_text="pool code → redeem or pass_on")),
                ("text", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "notice_until",
                    models.DateField(help_text="its last day; until then it can be taken back"),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leavings",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RedemptionRequest",
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
                        choices=[("units", "shares"), ("credit", "credit")],
                        default="units",
                        max_length=8,
                    ),
                ),
                ("wanted", models.BigIntegerField(help_text="units, or cents of credit")),
                (
                    "served",
                    models.BigIntegerField(default=0, help_text="units, or cents of credit"),
                ),
                (
                    "numbers",
                    models.JSONField(help_text="numbers of the titles chosen, in order", null=True),
                ),
                (
                    "klass",
                    models.CharField(
                        choices=[
                            ("death", "death"),
                            ("hardship", "hardship"),
                            ("leaving", "leaving"),
                            ("partial", "part of one’s shares"),
                        ],
                        default="partial",
                        max_length=8,
                    ),
                ),
                ("class_reason", models.CharField(blank=True, max_length=300)),
                (
                    "reason",
                    models.CharField(blank=True, help_text="what the member wrote", max_length=300),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "in the queue"),
                            ("served", "served"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_on", models.DateField(help_text="the day its notice is over")),
                ("ended_at", models.DateTimeField(null=True)),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "class_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "leaving",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="titles.leaving",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemption_requests",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemption_requests",
                        to="assets.pool",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RedemptionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                (
                    "period",
                    models.CharField(
                        help_text="the month whose limit it used, 2026-11", max_length=10
                    ),
                ),
                ("at", models.DateTimeField()),
                ("price", models.BigIntegerField(help_text="cents per unit")),
                ("issue_price", models.BigIntegerField(help_text="cents per unit")),
                ("derivation", models.JSONField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemption_runs",
                        to="assets.pool",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SellDown",
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
                            ("noticed", "under notice"),
                            ("sold", "sold down"),
                            ("ended", "ended"),
                        ],
                        default="noticed",
                        max_length=8,
                    ),
                ),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="selldowns",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Redemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.BigIntegerField(default=0)),
                ("credit", models.BigIntegerField(default=0, help_text="cents of credit used up")),
                (
                    "capital",
                    models.BigIntegerField(default=0, help_text="cents once paid in for the units"),
                ),
                ("price", models.BigIntegerField(default=0, help_text="cents per unit")),
                ("nominal", models.BigIntegerField(help_text="cents")),
                ("gross", models.BigIntegerField(help_text="cents")),
                (
                    "settled",
                    models.BigIntegerField(default=0, help_text="cents of cost not recovered yet"),
                ),
                (
                    "set_off",
                    models.BigIntegerField(default=0, help_text="cents kept to pay charges"),
                ),
                ("payout_id", models.BigIntegerField(null=True, unique=True)),
                ("at", models.DateTimeField()),
                ("txn_id", models.BigIntegerField(unique=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="assets.pool",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="titles.redemptionrequest",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="titles.redemptionrun",
                    ),
                ),
                (
                    "selldown",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="titles.selldown",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SellDownStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("notice", "notice"),
                            ("sold", "shares redeemed against the debt"),
                            ("ended", "ended, nothing is owed any more"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("next_on", models.DateField(help_text="the day of the next step", null=True)),
                ("owed", models.BigIntegerField(help_text="cents owed at this step")),
                ("units", models.BigIntegerField(default=0)),
                ("amount", models.BigIntegerField(default=0, help_text="cents set off")),
                (
                    "selldown",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="titles.selldown",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="WriteOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="cents of the charge")),
                (
                    "covered",
                    models.BigIntegerField(
                        default=0, help_text="cents that a prepaid balance paid"
                    ),
                ),
                ("source", models.CharField(help_text="proposal:12", max_length=120)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("txn_id", models.BigIntegerField()),
                (
                    "charge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_off",
                        to="payments.charge",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contribution",
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
                        choices=[("hardware", "hardware"), ("labour", "work")], max_length=8
                    ),
                ),
                ("what", models.CharField(max_length=120)),
                ("value", models.BigIntegerField(help_text="cents")),
                (
                    "price",
                    models.BigIntegerField(help_text="cents per unit: the issue price of that day"),
                ),
                ("units", models.BigIntegerField(help_text="units that went to the giver")),
                ("credit", models.BigIntegerField(help_text="cents that became equity credit")),
                ("asset_id", models.BigIntegerField(unique=True)),
                ("source", models.CharField(help_text="proposal:12", max_length=120, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("txn_id", models.BigIntegerField()),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to="assets.pool",
                    ),
                ),
                (
                    "title",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contribution",
                        to="titles.title",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit__gte", 0),
                            (
                                "value",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("units"), "*", models.F("price")
                                    ),
                                    "+",
                                    models.F("credit"),
                                ),
                            ),
                        ),
                        name="titles_contribution_is_units_and_credit",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="leaving",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "under_way")),
                fields=("member",),
                name="titles_leaving_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="redemptionrequest",
            index=models.Index(
                fields=["pool", "state", "id"], name="titles_rede_pool_id_95cfd5_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("served__gte", 0), ("served__lte", models.F("wanted")), ("wanted__gt", 0)
                ),
                name="titles_redemptionrequest_served_within_wanted",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("served", models.F("wanted")), ("state", "served")),
                    models.Q(
                        models.Q(("state", "served"), _negated=True),
                        ("served__lt", models.F("wanted")),
                    ),
                    _connector="OR",
                ),
                name="titles_redemptionrequest_served_when_all_is",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "credit"), ("state", "waiting")),
                fields=("member", "pool"),
                name="titles_redemptionrequest_credit_once",
            ),
        ),
        migrations.AddIndex(
            model_name="redemptionrun",
            index=models.Index(fields=["pool", "period"], name="titles_rede_pool_id_087dd2_idx"),
        ),
        migrations.AddConstraint(
            model_name="redemptionrun",
            constraint=models.UniqueConstraint(
                fields=("pool", "key"), name="titles_redemptionrun_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="selldown",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "noticed")),
                fields=("member",),
                name="titles_selldown_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="redemption",
            index=models.Index(fields=["member", "-id"], name="titles_rede_member__c2d4e0_idx"),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credit", 0), ("units__gt", 0)),
                    models.Q(("credit__gt", 0), ("units", 0)),
                    _connector="OR",
                ),
                name="titles_redemption_of_units_or_credit",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "gross__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("settled"), "+", models.F("set_off")
                        ),
                    ),
                    ("set_off__gte", 0),
                    ("settled__gte", 0),
                ),
                name="titles_redemption_shares_out_what_it_brought",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("request__isnull", False), ("run__isnull", False), ("selldown", None)
                    ),
                    models.Q(("request", None), ("run", None), ("selldown__isnull", False)),
                    _connector="OR",
                ),
                name="titles_redemption_by_queue_or_selldown",
            ),
        ),
        migrations.AddConstraint(
            model_name="selldownstep",
            constraint=models.UniqueConstraint(
                fields=("selldown", "number"), name="titles_selldownstep_numbered"
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("covered__gte", 0), ("covered__lte", models.F("amount"))),
                name="titles_writeoff_covered_within_amount",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
