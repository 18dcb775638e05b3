"""One word for each scope, the panel's lot, and what the database refuses about sanctions."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

ONLY = """
CREATE FUNCTION governance_{table}_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was jsonb := to_jsonb(OLD); is_now jsonb := to_jsonb(NEW); field text;
BEGIN
  FOREACH field IN ARRAY ARRAY[{once}] LOOP
    IF coalesce(was ->> field, '') <> '' AND was -> field IS DISTINCT FROM is_now -> field THEN
      RAISE EXCEPTION 'governance_{table} %: % was said once', OLD.id, field
        USING ERRCODE = 'restrict_violation';
    END IF;
    was := was - field; is_now := is_now - field;
  END LOOP;
  FOREACH field IN ARRAY ARRAY[{emptied}] LOOP
    IF is_now ->> field = '' OR was ->> field = '' THEN
      was := was - field; is_now := is_now - field;
    END IF;
  END LOOP;
  IF was IS DISTINCT FROM is_now THEN
    RAISE EXCEPTION 'governance_{table} %: rows of sanctions are only added', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_{table}_only_ends BEFORE UPDATE ON governance_{table}
  FOR EACH ROW EXECUTE FUNCTION governance_{table}_only_ends();
CREATE TRIGGER governance_{table}_stays BEFORE DELETE OR TRUNCATE ON governance_{table}
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
UNDO = """
DROP TRIGGER governance_{table}_stays ON governance_{table};
DROP TRIGGER governance_{table}_only_ends ON governance_{table};
DROP FUNCTION governance_{table}_only_ends();
"""
RULES = (
    ("sanction", "'ended_at', 'ended_why'", "'reason'"),
    ("sanctionappeal", "'result', 'decided_at'", "'text'"),
    ("panelist", "'declined_at', 'vote', 'voted_at'", "'reason'"),
)
"""table, what is filled in once, what may be emptied"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0006_lifecycle")]
    operations: ClassVar = [
        migrations.AddField(
            "proposal",
            "ways_warned_at",
            models.DateTimeField(
                help_text="when those were warned whose delegations lead to nobody (R13)",
                null=True,
            ),
        ),
        migrations.AddField(
            "sanction", "nonce", models.CharField(blank=True, db_default="", max_length=64)
        ),
        migrations.AddField(
            "sanction", "commitment", models.CharField(blank=True, db_default="", max_length=64)
        ),
        migrations.AddConstraint(
            "delegation",
            models.UniqueConstraint(
                condition=Q(revoked_at=None),
                fields=["giver", "scope", "area", "proposal"],
                name="governance_delegation_one_for_each_scope",
                nulls_distinct=False,
            ),
        ),
        *(
            migrations.RunSQL(
                ONLY.format(table=table, once=once, emptied=emptied), UNDO.format(table=table)
            )
            for table, once, emptied in RULES
        ),
    ]
