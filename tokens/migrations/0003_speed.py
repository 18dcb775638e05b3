"""Books are light: used tokens lie in common accounts, and received ones get theirs when needed.

What members of running and ended periods had used moves from their own accounts to the common
ones, one transaction per yield; the books count it from then on. A settlement finds its charge by
member and period, so that a close writes it once and never again.
"""

from django.db import migrations, models
from django.db.models import Q

MOVE = """
INSERT INTO ledger_account (commodity_id, kind, owner, floor)
SELECT y.commodity_id, k.kind, '', 0
FROM tokens_yield y CROSS JOIN (VALUES ('redeemed'), ('overage')) AS k(kind)
ON CONFLICT (commodity_id, kind, owner) DO NOTHING;
UPDATE tokens_yield y SET redeemed_account = r.id, overage_account = o.id
FROM ledger_account r, ledger_account o
WHERE r.commodity_id = y.commodity_id AND r.kind = 'redeemed' AND r.owner = ''
  AND o.commodity_id = y.commodity_id AND o.kind = 'overage' AND o.owner = '';
UPDATE tokens_book b SET redeemed = r.amount, overage = o.amount
FROM ledger_balance r, ledger_balance o
WHERE r.account_id = b.redeemed_account AND o.account_id = b.overage_account
  AND (r.amount <> 0 OR o.amount <> 0);
DO $$
DECLARE
    y record;
BEGIN
    FOR y IN SELECT * FROM tokens_yield ORDER BY id LOOP
        PERFORM ledger_post(
            ARRAY['tokens.common'], ARRAY[y.id::text], ARRAY['used tokens put together'],
            ARRAY['yield:' || y.id], ARRAY['system'], ARRAY[''], ARRAY[NULL::timestamptz],
            ARRAY[NULL::bigint], array_agg(1), array_agg(account), array_agg(amount))
        FROM (
            SELECT redeemed_account AS account, -redeemed AS amount
            FROM tokens_book WHERE yields_id = y.id
            UNION ALL SELECT overage_account, -overage FROM tokens_book WHERE yields_id = y.id
            UNION ALL SELECT y.redeemed_account, sum(redeemed)::bigint
            FROM tokens_book WHERE yields_id = y.id
            UNION ALL SELECT y.overage_account, sum(overage)::bigint
            FROM tokens_book WHERE yields_id = y.id) AS legs
        WHERE amount <> 0 HAVING count(*) > 0;
    END LOOP;
END $$;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
FINAL = """
DROP TRIGGER tokens_settlement_final ON tokens_settlement;
DROP FUNCTION tokens_refuse_resettling;
DROP TRIGGER tokens_settlement_not_removed ON tokens_settlement;
CREATE TRIGGER tokens_settlement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON tokens_settlement FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    """Moves what was used, then drops what is not needed any more; there is no way back."""

    dependencies = [("tokens", "0002_rules"), ("ledger", "0004_reading")]
    operations = [
        migrations.AddField("book", "redeemed", models.BigIntegerField(default=0)),
        migrations.AddField("book", "overage", models.BigIntegerField(default=0)),
        migrations.AlterField(
            "book", "received_account", models.BigIntegerField(null=True, unique=True)
        ),
        migrations.AddField("yield", "redeemed_account", models.BigIntegerField(null=True)),
        migrations.AddField("yield", "overage_account", models.BigIntegerField(null=True)),
        migrations.RunSQL(MOVE),
        migrations.AlterField("yield", "redeemed_account", models.BigIntegerField()),
        migrations.AlterField("yield", "overage_account", models.BigIntegerField()),
        migrations.RemoveField("book", "redeemed_account"),
        migrations.RemoveField("book", "overage_account"),
        migrations.AddConstraint(
            "book",
            models.CheckConstraint(
                condition=Q(redeemed__gte=0, overage__gte=0), name="tokens_book_used_not_negative"
            ),
        ),
        migrations.RunSQL(FINAL),
        migrations.RemoveField("settlement", "charge"),
    ]
