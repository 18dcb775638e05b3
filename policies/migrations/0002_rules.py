"""What was agreed stays readable for ever: rows of policy are only added."""

from django.db import migrations

RULES = """
CREATE TRIGGER policies_policyvalue_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON policies_policyvalue FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = "DROP TRIGGER policies_policyvalue_append_only ON policies_policyvalue;"


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial"), ("ledger", "0002_rules")]
    operations = [migrations.RunSQL(RULES, UNDO)]
