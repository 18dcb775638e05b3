"""The growth fund leaves only for what it is for (economics, section 11.6), kept by the database.

A transaction that takes a pool's growth fund down must put as much into that pool's assets or the
loans that bought them, or take it off what the cooperative owes for shares and credit given back:
a payable, the pool's equity credit, or capital of shares that return in the same transaction. The
exact opposite of an earlier transaction is always possible. One look at each statement finds
whether an entry takes a growth fund down; only then is more read.
"""

from typing import ClassVar

from django.db import migrations

GROWTH = """
CREATE INDEX titles_growth_accounts ON ledger_account (id) WHERE kind = 'cash:growth';
CREATE FUNCTION titles_check_growth() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    funds bigint[] := array(SELECT id FROM ledger_account WHERE kind = 'cash:growth');
    wrong record;
BEGIN
    IF NOT EXISTS (SELECT FROM added WHERE amount < 0 AND account_id = ANY (funds)) THEN
        RETURN NULL;
    END IF;
    SELECT g.txn_id, g.code, g.cents, coalesce(c.cents, 0) AS covered INTO wrong
    FROM (SELECT e.txn_id, split_part(a.owner, '/', 2) AS code, -sum(e.amount) AS cents
          FROM added e JOIN ledger_account a ON a.id = e.account_id
          WHERE e.account_id = ANY (funds)
          GROUP BY 1, 2 HAVING sum(e.amount) < 0) AS g
    JOIN ledger_transaction t ON t.id = g.txn_id AND t.reverses_id IS NULL
    LEFT JOIN LATERAL (
        SELECT sum(o.amount) AS cents
        FROM added o JOIN ledger_account b ON b.id = o.account_id
        WHERE o.txn_id = g.txn_id AND o.amount > 0 AND (
            b.kind IN ('assets', 'backing') AND b.owner = 'pool/' || g.code
            OR b.kind = 'payable'
            OR b.kind = 'equity_credit' AND starts_with(b.owner, g.code || '/')
            OR b.kind = 'capital' AND starts_with(b.owner, g.code || '/') AND EXISTS (
                SELECT FROM added u JOIN ledger_account h ON h.id = u.account_id
                JOIN ledger_commodity k ON k.id = u.commodity_id AND k.code = 'unit:' || g.code
                WHERE u.txn_id = o.txn_id AND h.kind = 'holding' AND u.amount < 0))
    ) AS c ON true
    WHERE coalesce(c.cents, 0) < g.cents
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % takes % out of the growth fund of %, and % of it for no '
            'asset, no loan and nobody who gives shares or credit back',
            wrong.txn_id, wrong.cents, wrong.code, wrong.cents - wrong.covered
            USING ERRCODE = 'check_violation', CONSTRAINT = 'titles_growth_only_for_assets';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER titles_growth_only_for_assets AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION titles_check_growth();
"""

# Every partition has the rules of the whole table, whichever app has put them there.
PARTITIONS = """
CREATE FUNCTION titles_guard_partition(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %s_growth AFTER INSERT ON %I REFERENCING NEW TABLE AS added'
        ' FOR EACH STATEMENT EXECUTE FUNCTION titles_check_growth()', part, part);
END $$;
SELECT titles_guard_partition(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'ledger_entry'::regclass;
CREATE OR REPLACE FUNCTION ledger_guard_partition(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_protect(part);
    EXECUTE format('CREATE TRIGGER %s_checked AFTER INSERT ON %I REFERENCING NEW TABLE AS added'
        ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries()', part, part);
    PERFORM titles_guard_partition(part);
END $$;
"""
UNDO = """
CREATE OR REPLACE FUNCTION ledger_guard_partition(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_protect(part);
    EXECUTE format('CREATE TRIGGER %s_checked AFTER INSERT ON %I REFERENCING NEW TABLE AS added'
        ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries()', part, part);
END $$;
DROP FUNCTION titles_guard_partition;
DROP FUNCTION titles_check_growth CASCADE;
DROP INDEX titles_growth_accounts;
"""


class Migration(migrations.Migration):
    """Puts the rule in place on the books and on each of their months."""

    dependencies: ClassVar = [("titles", "0008_campaigns"), ("ledger", "0004_reading")]
    operations: ClassVar = [
        migrations.RunSQL([GROWTH, PARTITIONS], reverse_sql=UNDO),
    ]
