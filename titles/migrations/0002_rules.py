"""The rules of ownership that live in the database: what a title says never changes."""

from django.db import migrations

RULES = """
CREATE FUNCTION titles_keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.member_id, NEW.pool_id, NEW.units, NEW.origin, NEW.issued_at,
        NEW.envelope, NEW.salt, NEW.reference, NEW.txn_id)
       IS DISTINCT FROM
       (OLD.id, OLD.number, OLD.member_id, OLD.pool_id, OLD.units, OLD.origin, OLD.issued_at,
        OLD.envelope, OLD.salt, OLD.reference, OLD.txn_id) THEN
        RAISE EXCEPTION 'title % stands as it was signed', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'cancelled' AND NEW.state <> 'cancelled' THEN
        RAISE EXCEPTION 'title % was cancelled for good', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_title_stands BEFORE UPDATE ON titles_title
    FOR EACH ROW EXECUTE FUNCTION titles_keep_title();
CREATE TRIGGER titles_title_not_removed BEFORE DELETE OR TRUNCATE ON titles_title
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_creditlot_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_creditlot FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_conversion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_conversion FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_conversionshare_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_conversionshare FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION titles_counter_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.next_number < OLD.next_number THEN
        RAISE EXCEPTION 'the counter of title numbers never goes back'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_titlecounter_rises BEFORE UPDATE ON titles_titlecounter
    FOR EACH ROW EXECUTE FUNCTION titles_counter_rises();
"""
UNDO = """
DROP TRIGGER titles_titlecounter_rises ON titles_titlecounter;
DROP FUNCTION titles_counter_rises();
DROP TRIGGER titles_conversionshare_append_only ON titles_conversionshare;
DROP TRIGGER titles_conversion_append_only ON titles_conversion;
DROP TRIGGER titles_creditlot_append_only ON titles_creditlot;
DROP TRIGGER titles_title_not_removed ON titles_title;
DROP TRIGGER titles_title_stands ON titles_title;
DROP FUNCTION titles_keep_title();
"""


class Migration(migrations.Migration):
    dependencies = [("titles", "0001_initial"), ("ledger", "0002_rules")]
    operations = [migrations.RunSQL(RULES, UNDO)]
