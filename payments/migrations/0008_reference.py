"""The reference of a charge as one expression, which becomes part of the statement that asks."""

from typing import ClassVar

from django.db import migrations

FAST = """
CREATE OR REPLACE FUNCTION payments_reference(number bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 'RF' || lpad((98 - mod(
               (lpad(number::text, greatest(9, length(number::text)), '0') || '271500')::numeric,
               97))::text, 2, '0')
           || lpad(number::text, greatest(9, length(number::text)), '0')
$$;
"""
SLOW = """
CREATE OR REPLACE FUNCTION payments_reference(number bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 'RF' || lpad((98 - mod((body || '271500')::numeric, 97))::text, 2, '0') || body
    FROM (SELECT CASE WHEN length(number::text) < 9 THEN lpad(number::text, 9, '0')
                      ELSE number::text END AS body) AS b
$$;
"""


class Migration(migrations.Migration):
    """Puts the faster function in the place of the other."""

    dependencies: ClassVar = [("payments", "0007_lean")]
    operations: ClassVar = [migrations.RunSQL(FAST, reverse_sql=SLOW)]
