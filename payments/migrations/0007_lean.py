"""Lines of charges come in millions: that their charges exist is checked a statement at a time.

A charge can never be removed, so that nothing else of the foreign key is needed.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models.deletion import PROTECT

KNOWN = """
CREATE FUNCTION payments_check_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a WHERE NOT EXISTS (
        SELECT FROM payments_charge WHERE id = a.charge_id)) THEN
        RAISE EXCEPTION 'a line of no charge'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'payments_chargeline_known';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_chargeline_known AFTER INSERT ON payments_chargeline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payments_check_lines();
"""


class Migration(migrations.Migration):
    """Puts the check in the place of the key."""

    dependencies: ClassVar = [("payments", "0006_adjustments")]
    operations: ClassVar = [
        migrations.AlterField(
            "chargeline",
            "charge",
            models.ForeignKey(
                "payments.charge", PROTECT, related_name="lines", db_constraint=False
            ),
        ),
        migrations.RunSQL(KNOWN, reverse_sql="DROP FUNCTION payments_check_lines CASCADE;"),
    ]
