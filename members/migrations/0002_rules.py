"""The rules of the register that live in the database: a number stays, for ever."""

from django.db import migrations

NUMBERS = """
CREATE FUNCTION members_keep_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.number IS NULL AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR NEW.number IS DISTINCT FROM OLD.number AND OLD.number IS NOT NULL THEN
        RAISE EXCEPTION 'member number % was given for ever', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_member_number_stays BEFORE UPDATE OR DELETE ON members_member
    FOR EACH ROW EXECUTE FUNCTION members_keep_number();
CREATE TRIGGER members_member_not_emptied BEFORE TRUNCATE ON members_member
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION members_counter_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.next_member_number < OLD.next_member_number THEN
        RAISE EXCEPTION 'the counter of member numbers never goes back'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_cooperative_counter_rises BEFORE UPDATE ON members_cooperative
    FOR EACH ROW EXECUTE FUNCTION members_counter_rises();
"""
UNDO = """
DROP TRIGGER members_cooperative_counter_rises ON members_cooperative;
DROP FUNCTION members_counter_rises();
DROP TRIGGER members_member_not_emptied ON members_member;
DROP TRIGGER members_member_number_stays ON members_member;
DROP FUNCTION members_keep_number();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("ledger", "0002_rules")]
    operations = [migrations.RunSQL(NUMBERS, UNDO)]
