"""What the database itself refuses: changing or removing evidence."""

from django.db import migrations

EVIDENCE = (
    "metering_nodestatechange",
    "metering_envelopeconflict",
    "metering_refusedbatch",
    "metering_receipt",
    "metering_meterinventory",
    "metering_gap",
)
WITH_ONE_CHANGE = ("metering_envelope", "metering_reading")

FUNCTIONS = """
CREATE FUNCTION metering_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: evidence is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION metering_envelope_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_envelope := NEW;
BEGIN
    kept.status := OLD.status;
    kept.rated_at := OLD.rated_at;
    IF kept IS NOT DISTINCT FROM OLD
        AND (NEW.status = OLD.status
             OR (OLD.status = 'pending_gap' AND NEW.status IN ('accepted', 'conflict')))
        AND (NEW.rated_at IS NOT DISTINCT FROM OLD.rated_at OR OLD.rated_at IS NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an envelope changes its status and rated_at once, nothing else'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION metering_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_reading := NEW;
BEGIN
    kept.state := OLD.state;
    kept.period_id := OLD.period_id;
    kept.raw_before := OLD.raw_before;
    kept.amount := OLD.amount;
    IF (OLD.state, NEW.state) IN (('waiting', 'rated'), ('waiting', 'late'), ('late', 'rated'))
        AND kept IS NOT DISTINCT FROM OLD
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a reading is booked once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION metering_assignment_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_meterassignment := NEW;
BEGIN
    kept.until := OLD.until;
    IF OLD.until IS NULL AND NEW.until IS NOT NULL AND kept IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an assignment is ended once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
"""

UNDO = """
DROP FUNCTION metering_refuse CASCADE;
DROP FUNCTION metering_envelope_change CASCADE;
DROP FUNCTION metering_reading_change CASCADE;
DROP FUNCTION metering_assignment_change CASCADE;
"""


def guard(table: str, events: str, level: str, function: str, name: str) -> str:
    return (
        f"CREATE TRIGGER {table}_{name} BEFORE {events} ON {table} "
        f"FOR EACH {level} EXECUTE FUNCTION {function}();\n"
    )


def rules() -> str:
    sql = FUNCTIONS
    for table in EVIDENCE:
        sql += guard(table, "UPDATE OR DELETE", "ROW", "metering_refuse", "keep")
    for table in (*WITH_ONE_CHANGE, "metering_meterassignment"):
        sql += guard(table, "DELETE", "ROW", "metering_refuse", "keep")
    for table in (*EVIDENCE, *WITH_ONE_CHANGE):
        sql += guard(table, "TRUNCATE", "STATEMENT", "metering_refuse", "whole")
    sql += guard("metering_envelope", "UPDATE", "ROW", "metering_envelope_change", "change")
    sql += guard("metering_reading", "UPDATE", "ROW", "metering_reading_change", "change")
    sql += guard(
        "metering_meterassignment", "UPDATE", "ROW", "metering_assignment_change", "change"
    )
    return sql


class Migration(migrations.Migration):
    """Puts the rules in place."""

    dependencies = [("metering", "0001_initial")]
    operations = [migrations.RunSQL(rules(), reverse_sql=UNDO)]
