"""The rules of the books that live in the database: posting, zero sum, append-only.

`ledger_post` is the one door. It takes whole batches as arrays (one element per transaction, one
per entry), locks the balance rows in account order, claims the keys, and writes everything in a
few set-based statements. docs/ledger.md explains it.
"""

from django.db import migrations

from ledger.migrations._partitions import PARTITIONS
from ledger.migrations._posting import BODY, OPPOSITES, POST, POST_ALONE, POST_ONE

ARITHMETIC = """
CREATE FUNCTION ledger_rhe(num numeric, den numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (q + CASE WHEN 2 * r > den OR (2 * r = den AND mod(q, 2) <> 0) THEN 1 ELSE 0 END)::bigint
    FROM (SELECT div(num, den) - CASE WHEN mod(num, den) < 0 THEN 1 ELSE 0 END AS q) AS f,
         LATERAL (SELECT num - q * den AS r) AS g
$$;
CREATE FUNCTION ledger_charge(quantity bigint, rate bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ledger_rhe(quantity::numeric * rate, 1000000000)
$$;
CREATE FUNCTION ledger_share_out(total bigint, weights bigint[])
RETURNS TABLE (place bigint, part bigint) LANGUAGE sql IMMUTABLE AS $$
    WITH weighed AS (
        SELECT n, weight, nullif(sum(weight) OVER (), 0) AS whole
        FROM unnest(weights) WITH ORDINALITY AS w(weight, n)
    ), cut AS (
        SELECT n, coalesce(div(total::numeric * weight, whole), 0) AS base,
               coalesce(mod(total::numeric * weight, whole), 0) AS rest, whole
        FROM weighed
    )
    SELECT n, (base + CASE WHEN whole IS NOT NULL AND
                   row_number() OVER (ORDER BY rest DESC, n) <= total - sum(base) OVER ()
               THEN 1 ELSE 0 END)::bigint
    FROM cut
$$;
"""

BALANCES = """
CREATE FUNCTION ledger_make_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_balance (account_id, amount, version, floor)
    SELECT id, 0, 0, floor FROM opened ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_has_balance AFTER INSERT ON ledger_account
    REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION ledger_make_balance();
"""

APPEND_ONLY = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a mistake is corrected by a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION ledger_protect(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %s_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()', name, name);
END $$;
SELECT ledger_protect('ledger_' || name) FROM unnest(ARRAY[
    'transaction', 'entry', 'commodity', 'account', 'document', 'leaf', 'checkpoint', 'cut'
]) AS kept(name);
CREATE TRIGGER ledger_balance_not_removed BEFORE DELETE OR TRUNCATE
    ON ledger_balance FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_tile_not_removed BEFORE DELETE OR TRUNCATE
    ON ledger_tile FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_carried_not_removed BEFORE DELETE OR TRUNCATE
    ON ledger_carried FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION ledger_refuse_other_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only ever grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_tile_grows BEFORE UPDATE ON ledger_tile FOR EACH ROW
    WHEN (NEW.level <> OLD.level OR NEW.index <> OLD.index
          OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data)
    EXECUTE FUNCTION ledger_refuse_other_change();
CREATE TRIGGER ledger_carried_grows BEFORE UPDATE ON ledger_carried FOR EACH ROW
    WHEN (NEW.account_id <> OLD.account_id OR NEW.version < OLD.version)
    EXECUTE FUNCTION ledger_refuse_other_change();
"""

COLUMNS = """
ALTER TABLE ledger_transaction ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN salt uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE ledger_account ADD COLUMN salt uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE ledger_document ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX ledger_transaction_xid ON ledger_transaction (xid);
CREATE INDEX ledger_document_xid ON ledger_document (xid);
ALTER TABLE ledger_balance SET (fillfactor = 50);
-- Partial: nearly no transaction is a reversal, and an index over their nulls would cost each.
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_reverses_id_key;
CREATE UNIQUE INDEX ledger_transaction_reversed_once ON ledger_transaction (reverses_id)
    WHERE reverses_id IS NOT NULL;
"""

ENTRIES_ONCE = """
CREATE FUNCTION ledger_check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sound boolean;
    bad bigint;
    first_command text;
    last_command text;
    wrong record;
BEGIN
    -- Nearly every statement writes one small transaction; then one look at each row is enough.
    SELECT count(*) <= 8 AND sum(e.amount) = 0 AND min(e.txn_id) = max(e.txn_id)
           AND min(e.commodity_id) = max(e.commodity_id) AND bool_and((
               b.version = e.version AND b.amount = e.balance_after
               AND b.recorded_at = e.recorded_at AND a.commodity_id = e.commodity_id
               AND t.recorded_at = e.recorded_at AND t.xid = pg_current_xact_id()
               AND t.cmin = b.cmin) IS TRUE)
    INTO sound
    FROM (SELECT * FROM added LIMIT 9) AS e
    LEFT JOIN ledger_balance b ON b.account_id = e.account_id
    LEFT JOIN ledger_account a ON a.id = e.account_id
    LEFT JOIN ledger_transaction t ON t.id = e.txn_id;
    IF sound THEN
        RETURN NULL;
    END IF;

    SELECT min(s.account_id) FILTER (WHERE (
               s.commodity_id = s.other_id AND a.commodity_id = s.commodity_id
               AND s.last - s.first + 1 = s.n AND b.version = s.last
               AND b.amount = s.balance_after AND b.recorded_at = s.recorded_at) IS NOT TRUE),
           min(b.cmin::text), max(b.cmin::text)
    INTO bad, first_command, last_command
    FROM (SELECT account_id, min(commodity_id) AS commodity_id, max(commodity_id) AS other_id,
                 count(*) AS n, min(version) AS first, max(version) AS last,
                 max(recorded_at) AS recorded_at,
                 (array_agg(balance_after ORDER BY version DESC))[1] AS balance_after
          FROM added GROUP BY account_id) AS s
    LEFT JOIN ledger_balance b ON b.account_id = s.account_id
    LEFT JOIN ledger_account a ON a.id = s.account_id;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'the entries of account % and its balance differ', bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_agrees_with_balance';
    END IF;

    -- A transaction and the balances that it leaves are written by one command: so all its
    -- entries are here, and no count over the table is needed.
    SELECT s.txn_id, s.commodity_id, s.rest INTO wrong
    FROM (SELECT txn_id, commodity_id, sum(amount) AS rest, min(recorded_at) AS first,
                 max(recorded_at) AS last
          FROM added GROUP BY txn_id, commodity_id) AS s
    WHERE s.rest <> 0 OR first_command <> last_command OR NOT EXISTS (
        SELECT FROM ledger_transaction t
        WHERE t.id = s.txn_id AND t.recorded_at = s.first AND t.recorded_at = s.last
          AND t.xid = pg_current_xact_id() AND t.cmin::text = first_command)
    ORDER BY s.rest = 0 LIMIT 1;
    IF wrong.rest <> 0 THEN
        RAISE EXCEPTION 'transaction % does not sum to zero in commodity %: %',
            wrong.txn_id, wrong.commodity_id, wrong.rest
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_zero_sum';
    ELSIF wrong.txn_id IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % has its entries already, or is not of this moment',
            wrong.txn_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_all_at_once';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_checked AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries();
"""

UNDO = """
DROP PROCEDURE ledger_post_alone;
DROP FUNCTION ledger_post;
DROP FUNCTION ledger_post_one;
DROP FUNCTION ledger_are_opposites;
DROP FUNCTION ledger_body_hash;
DROP FUNCTION ledger_move_rest;
DROP FUNCTION ledger_make_partitions;
DROP FUNCTION ledger_attach_partition;
DROP FUNCTION ledger_guard_partition;
DROP FUNCTION ledger_check_entries CASCADE;
DROP FUNCTION ledger_refuse_change CASCADE;
DROP FUNCTION ledger_make_balance CASCADE;
DROP FUNCTION ledger_share_out;
DROP FUNCTION ledger_charge;
DROP FUNCTION ledger_rhe;
DROP FUNCTION ledger_refuse_other_change CASCADE;
DROP FUNCTION ledger_protect;
ALTER TABLE ledger_transaction DROP COLUMN xid, DROP COLUMN salt;
ALTER TABLE ledger_account DROP COLUMN salt;
ALTER TABLE ledger_document DROP COLUMN xid;
"""


class Migration(migrations.Migration):
    """Puts the rules in place."""

    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            [
                ARITHMETIC,
                BALANCES,
                APPEND_ONLY,
                COLUMNS,
                ENTRIES_ONCE,
                PARTITIONS,
                BODY,
                OPPOSITES,
                POST_ONE,
                POST,
                POST_ALONE,
            ],
            reverse_sql=UNDO,
        ),
    ]
