"""The database keeps gifts as they were made: answered once, and never changed or removed."""

from django.db import migrations

RULES = """
CREATE FUNCTION tokens_gift_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept tokens_gift := NEW;
BEGIN
    kept.state := OLD.state;
    kept.txn_id := OLD.txn_id;
    IF kept IS NOT DISTINCT FROM OLD AND OLD.state = 'offered' AND NEW.state <> 'offered'
       AND (NEW.txn_id IS NOT NULL) = (NEW.state = 'accepted') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a gift is answered once and never changed'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tokens_gift_final';
END $$;
CREATE TRIGGER tokens_gift_final BEFORE UPDATE ON tokens_gift
    FOR EACH ROW EXECUTE FUNCTION tokens_gift_is_final();
CREATE TRIGGER tokens_gift_not_removed BEFORE DELETE OR TRUNCATE ON tokens_gift
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER tokens_gift_not_removed ON tokens_gift;
DROP FUNCTION tokens_gift_is_final CASCADE;
"""


class Migration(migrations.Migration):
    """Puts the rules in place."""

    dependencies = [("tokens", "0008_lean")]
    operations = [migrations.RunSQL(RULES, reverse_sql=UNDO)]
