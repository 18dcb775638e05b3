"""Usage is append-only; what a close has settled stays as it is."""

from django.db import migrations

RULES = """
CREATE TRIGGER tokens_usage_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_usage FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER tokens_closestep_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_closestep FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER tokens_settlement_not_removed BEFORE DELETE OR TRUNCATE
    ON tokens_settlement FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION tokens_refuse_resettling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.charge_id IS NOT NULL OR
       (to_jsonb(OLD) - 'charge_id') IS DISTINCT FROM (to_jsonb(NEW) - 'charge_id') THEN
        RAISE EXCEPTION 'a settlement only ever gets its charge, once'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tokens_settlement_final BEFORE UPDATE ON tokens_settlement
    FOR EACH ROW EXECUTE FUNCTION tokens_refuse_resettling();
"""
UNDO = """
DROP FUNCTION tokens_refuse_resettling CASCADE;
DROP TRIGGER tokens_settlement_not_removed ON tokens_settlement;
DROP TRIGGER tokens_closestep_append_only ON tokens_closestep;
DROP TRIGGER tokens_usage_append_only ON tokens_usage;
"""


class Migration(migrations.Migration):
    """Puts the rules in place."""

    dependencies = [("tokens", "0001_initial"), ("ledger", "0002_rules")]
    operations = [migrations.RunSQL(RULES, reverse_sql=UNDO)]
