"""Depreciation, disposals and bills."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE TRIGGER assets_depreciation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_depreciation FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER assets_depreciationplan_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_depreciationplan FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER assets_disposal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_disposal FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER assets_bill_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_bill FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER assets_bill_append_only ON assets_bill;
DROP TRIGGER assets_disposal_append_only ON assets_disposal;
DROP TRIGGER assets_depreciationplan_append_only ON assets_depreciationplan;
DROP TRIGGER assets_depreciation_append_only ON assets_depreciation;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assets", "0002_register"),
        ("ledger", "0002_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="costline",
            name="source",
            field=models.CharField(help_text="the bill or decision behind it", max_length=120),
        ),
        migrations.CreateModel(
            name="Bill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("supplier", models.CharField(max_length=120)),
                ("number", models.CharField(max_length=60)),
                ("issued_on", models.DateField()),
                ("amount", models.BigIntegerField(help_text="cents")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("running", "running cost"),
                            ("purchase", "purchase of an asset"),
                            ("upkeep", "upkeep"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "asset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
                        to="assets.asset",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.assetfile",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
                        to="assets.pool",
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
        migrations.AddField(
            model_name="costline",
            name="bill",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cost_lines",
                to="assets.bill",
            ),
        ),
        migrations.CreateModel(
            name="DepreciationPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField()),
                ("months", models.PositiveSmallIntegerField()),
                (
                    "base",
                    models.BigIntegerField(help_text="cents to be written off from that day on"),
                ),
                ("weights", models.JSONField()),
                (
                    "source",
                    models.CharField(help_text="the bill or decision behind it", max_length=120),
                ),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="assets.asset",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Depreciation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("resource", models.CharField(max_length=40)),
                ("until", models.DateField()),
                ("amount", models.BigIntegerField(help_text="cents")),
                ("is_cost", models.BooleanField(default=True)),
                (
                    "run",
                    models.CharField(
                        help_text="the key of the run, e.g. period:2026-06", max_length=60
                    ),
                ),
                ("txn_id", models.BigIntegerField()),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="assets.depreciationplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Disposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("cost", models.BigIntegerField(help_text="cents")),
                ("written_off", models.BigIntegerField(help_text="cents")),
                ("proceeds", models.BigIntegerField(default=0, help_text="cents")),
                ("txn_id", models.BigIntegerField(null=True)),
                (
                    "asset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disposal",
                        to="assets.asset",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bill",
            index=models.Index(fields=["pool", "issued_on"], name="assets_bill_pool_id_b43d97_idx"),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.UniqueConstraint(
                fields=("supplier", "number"), name="assets_bill_entered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="assets_bill_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="depreciationplan",
            constraint=models.UniqueConstraint(
                fields=("asset", "since"), name="assets_depreciationplan_one_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="depreciationplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("base__gte", 0), ("months__gt", 0)),
                name="assets_depreciationplan_sensible",
            ),
        ),
        migrations.AddConstraint(
            model_name="depreciation",
            constraint=models.UniqueConstraint(
                fields=("plan", "resource", "run", "is_cost"), name="assets_depreciation_once_a_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="depreciation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="assets_depreciation_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="disposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost__gte", 0), ("proceeds__gte", 0), ("written_off__gte", 0)),
                name="assets_disposal_not_negative",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
