"""The close as a run, approved budgets, and what the database keeps of the token economy."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACCOUNTS = """
CREATE FUNCTION tokens_check_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT o.kind, o.floor, c.code INTO wrong
    FROM opened o JOIN ledger_commodity c ON c.id = o.commodity_id AND c.kind = 'token'
    WHERE NOT (o.kind IN ('issue', 'unbacked') AND o.floor IS NULL
               OR o.kind IN ('pool', 'own', 'received', 'vouchers', 'redeemed', 'overage',
                             'expired') AND o.floor IS NOT DISTINCT FROM 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'tokens of % cannot lie in an account of kind % with floor %',
            wrong.code, wrong.kind, wrong.floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tokens_accounts_of_known_kinds';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_accounts_of_known_kinds AFTER INSERT ON ledger_account
    REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION tokens_check_accounts();
"""
UNDO_ACCOUNTS = "DROP FUNCTION tokens_check_accounts CASCADE"

YIELDS = """
CREATE FUNCTION tokens_keep_yield() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text;
BEGIN
    SELECT o.key INTO changed FROM jsonb_each(to_jsonb(OLD)) o
    WHERE o.value <> 'null' AND o.value IS DISTINCT FROM to_jsonb(NEW) -> o.key
      AND NOT (o.key = 'pool_issued' AND OLD.pool_issued = 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what a yield says of % is fixed and does not change', changed
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tokens_yield_is_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tokens_yield_is_fixed BEFORE UPDATE ON tokens_yield
    FOR EACH ROW EXECUTE FUNCTION tokens_keep_yield();
CREATE TRIGGER tokens_yield_not_removed BEFORE DELETE OR TRUNCATE ON tokens_yield
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO_YIELDS = """
DROP TRIGGER tokens_yield_not_removed ON tokens_yield;
DROP FUNCTION tokens_keep_yield CASCADE"""

PERIODS = """
CREATE FUNCTION tokens_keep_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.code, NEW.start) <> (OLD.code, OLD.start) OR OLD.state = 'closed'
       OR NEW."end" > OLD."end" OR OLD.state = 'closing' AND NEW."end" <> OLD."end"
       OR (OLD.state, NEW.state) NOT IN (('open', 'open'), ('open', 'closing'),
                                         ('closing', 'closing'), ('closing', 'closed')) THEN
        RAISE EXCEPTION 'a period is open, being closed, closed, and then stays as it is'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tokens_period_goes_forward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tokens_period_goes_forward BEFORE UPDATE ON tokens_period
    FOR EACH ROW EXECUTE FUNCTION tokens_keep_period();
CREATE TRIGGER tokens_period_not_removed BEFORE DELETE OR TRUNCATE ON tokens_period
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO_PERIODS = """
DROP TRIGGER tokens_period_not_removed ON tokens_period;
DROP FUNCTION tokens_keep_period CASCADE"""

APPROVALS = """
CREATE TRIGGER tokens_budgetapproval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_budgetapproval FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO_APPROVALS = "DROP TRIGGER tokens_budgetapproval_append_only ON tokens_budgetapproval"

USER = settings.AUTH_USER_MODEL
PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    """Adds the tables and the columns, and puts the rules in place."""

    dependencies: ClassVar = [
        ("tokens", "0003_speed"),
        ("assets", "0003_money"),
        ("ledger", "0004_reading"),
        migrations.swappable_dependency(USER),
    ]
    operations: ClassVar = [
        migrations.AddField(
            model_name="yield",
            name="stated_cost",
            field=models.BigIntegerField(
                help_text="what cost lines and depreciation came to, where the band bound it",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="yield",
            name="budget_source",
            field=models.CharField(
                blank=True, default="", help_text="the vote that approved it", max_length=120
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="CloseRun",
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
                        choices=[("running", "running"), ("stopped", "stopped"), ("done", "done")],
                        default="running",
                        max_length=8,
                    ),
                ),
                (
                    "until",
                    models.CharField(
                        default="open", help_text="the last step to do", max_length=12
                    ),
                ),
                ("moment", models.DateTimeField()),
                ("early", models.BooleanField(default=False)),
                (
                    "actual",
                    models.JSONField(default=dict, help_text="cents by pool:resource, where told"),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                (
                    "step",
                    models.CharField(blank=True, help_text="what was begun last", max_length=12),
                ),
                ("step_begun_at", models.DateTimeField(null=True)),
                (
                    "failures",
                    models.PositiveSmallIntegerField(default=0, help_text="in a row, in this step"),
                ),
                ("error_code", models.CharField(blank=True, max_length=40)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="close_runs", to="tokens.period"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=USER),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("period",),
                        name="tokens_closerun_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "stopped"), _negated=True),
                            models.Q(("error_code", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="tokens_closerun_stopped_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField()),
                ("amount", models.BigIntegerField(help_text="cents per month")),
                (
                    "source",
                    models.CharField(help_text="what decided it, e.g. proposal:12", max_length=120),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=USER),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="budget_approvals", to="assets.pool"
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="assets.resource"),
                ),
            ],
            options={
                "ordering": ["since", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="tokens_budgetapproval_amount"
                    )
                ],
            },
        ),
        migrations.RunSQL(ACCOUNTS, reverse_sql=UNDO_ACCOUNTS),
        migrations.RunSQL(YIELDS, reverse_sql=UNDO_YIELDS),
        migrations.RunSQL(PERIODS, reverse_sql=UNDO_PERIODS),
        migrations.RunSQL(APPROVALS, reverse_sql=UNDO_APPROVALS),
    ]
