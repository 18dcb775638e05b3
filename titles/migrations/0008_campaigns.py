"""Campaigns for planned assets."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE FUNCTION titles_keep_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' OR (NEW.id, NEW.pool_id, NEW.name, NEW.about, NEW.kind, NEW.goal,
        NEW.capacity, NEW.planned_on, NEW.key) IS DISTINCT FROM (OLD.id, OLD.pool_id, OLD.name,
        OLD.about, OLD.kind, OLD.goal, OLD.capacity, OLD.planned_on, OLD.key) THEN
        RAISE EXCEPTION 'campaign % stands as members paid for it', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_campaign_stands BEFORE UPDATE ON titles_campaign
    FOR EACH ROW EXECUTE FUNCTION titles_keep_campaign();
CREATE TRIGGER titles_campaign_not_removed BEFORE DELETE OR TRUNCATE ON titles_campaign
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_prepayment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_prepayment FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER titles_prepayment_append_only ON titles_prepayment;
DROP TRIGGER titles_campaign_not_removed ON titles_campaign;
DROP TRIGGER titles_campaign_stands ON titles_campaign;
DROP FUNCTION titles_keep_campaign();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assets", "0003_money"),
        ("members", "0004_identity"),
        ("payments", "0005_campaigns"),
        ("titles", "0007_papers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("about", models.TextField()),
                (
                    "kind",
                    models.CharField(
                        help_text="mast, fibre, router, server, disk shelf", max_length=40
                    ),
                ),
                ("goal", models.BigIntegerField(help_text="cents")),
                (
                    "minimum",
                    models.BigIntegerField(default=1, help_text="cents: the smallest payment"),
                ),
                ("capacity", models.JSONField(help_text="millitokens per period by resource code")),
                ("planned_on", models.DateField(help_text="when it is to begin its service")),
                ("closes_on", models.DateField(help_text="last day for new payments")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("bought", "bought"), ("cancelled", "given up")],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="why it was given up", max_length=300),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "asset",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaign",
                        to="assets.asset",
                    ),
                ),
                (
                    "opened_by",
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
                        related_name="campaigns",
                        to="assets.pool",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Prepayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="cents")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prepayments",
                        to="titles.campaign",
                    ),
                ),
                (
                    "charge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prepayment",
                        to="payments.charge",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prepayments",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("goal__gt", 0), ("minimum__gt", 0)),
                name="titles_campaign_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True), ("ended_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="titles_campaign_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asset__isnull", False), ("state", "bought")),
                    models.Q(models.Q(("state", "bought"), _negated=True), ("asset", None)),
                    _connector="OR",
                ),
                name="titles_campaign_bought_is_an_asset",
            ),
        ),
        migrations.AddConstraint(
            model_name="prepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="titles_prepayment_positive"
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
