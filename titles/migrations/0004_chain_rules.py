"""What a title says never changes, and it ends once: the rules, and what older rows stand for."""

from django.db import migrations

FILL = """
UPDATE titles_title t SET recorded_at = t.issued_at, capital = coalesce((
    SELECT -sum(e.amount) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
    JOIN assets_pool p ON p.id = t.pool_id
    WHERE e.txn_id = t.txn_id AND a.kind = 'capital'
      AND a.owner = format('%s/member/%s', p.code, t.member_id)), 0);
"""
RULES = """
CREATE OR REPLACE FUNCTION titles_keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.member_id, NEW.pool_id, NEW.units, NEW.capital, NEW.origin,
        NEW.issued_at, NEW.recorded_at, NEW.envelope, NEW.salt, NEW.reference, NEW.txn_id)
       IS DISTINCT FROM
       (OLD.id, OLD.number, OLD.member_id, OLD.pool_id, OLD.units, OLD.capital, OLD.origin,
        OLD.issued_at, OLD.recorded_at, OLD.envelope, OLD.salt, OLD.reference, OLD.txn_id) THEN
        RAISE EXCEPTION 'title % stands as it was signed', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'live' AND
       (NEW.state, NEW.ended_at, NEW.end_recorded_at, NEW.end_txn_id) IS DISTINCT FROM
       (OLD.state, OLD.ended_at, OLD.end_recorded_at, OLD.end_txn_id) THEN
        RAISE EXCEPTION 'title % ended for good', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_titlelink_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_titlelink FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = "DROP TRIGGER titles_titlelink_append_only ON titles_titlelink;"


class Migration(migrations.Migration):
    dependencies = [("titles", "0003_chain"), ("ledger", "0003_two_times")]
    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(RULES, UNDO),
    ]
