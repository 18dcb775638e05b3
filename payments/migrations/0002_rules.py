"""The rules of charges and payments that live in the database."""

from django.db import migrations

REFERENCE = """
CREATE FUNCTION payments_reference(number bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 'RF' || lpad((98 - mod((body || '271500')::numeric, 97))::text, 2, '0') || body
    FROM (SELECT CASE WHEN length(number::text) < 9 THEN lpad(number::text, 9, '0')
                      ELSE number::text END AS body) AS b
$$;
"""
RULES = """
CREATE FUNCTION payments_keep_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.member_id, NEW.kind, NEW.about, NEW.reference, NEW.amount)
       IS DISTINCT FROM
       (OLD.id, OLD.member_id, OLD.kind, OLD.about, OLD.reference, OLD.amount) THEN
        RAISE EXCEPTION 'charge % stands as it was raised', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'charge % is % and stays so', OLD.reference, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_charge_stands BEFORE UPDATE ON payments_charge
    FOR EACH ROW EXECUTE FUNCTION payments_keep_charge();
CREATE TRIGGER payments_charge_not_removed BEFORE DELETE OR TRUNCATE ON payments_charge
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_chargeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_chargeline FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_payment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_payment FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP FUNCTION payments_reference(bigint);
DROP TRIGGER payments_payment_append_only ON payments_payment;
DROP TRIGGER payments_chargeline_append_only ON payments_chargeline;
DROP TRIGGER payments_charge_not_removed ON payments_charge;
DROP TRIGGER payments_charge_stands ON payments_charge;
DROP FUNCTION payments_keep_charge();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0002_rules")]
    operations = [migrations.RunSQL([REFERENCE, RULES], UNDO)]
