"""The rules of the books that live in the database: posting, zero sum, append-only.

`ledger_post` is the one door. It takes whole batches as arrays (one element per transaction, one
per entry), locks the balance rows in account order, claims the keys, and writes everything in a
few set-based statements. docs/ledger.md explains it.
"""

from django.db import migrations

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
"""

ENTRIES_ONCE = """
CREATE FUNCTION ledger_check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT txn_id, commodity_id, sum(amount) AS rest INTO bad
    FROM added GROUP BY txn_id, commodity_id HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not sum to zero in commodity %: %',
            bad.txn_id, bad.commodity_id, bad.rest
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_zero_sum';
    END IF;
    SELECT n.txn_id AS id INTO bad
    FROM (SELECT txn_id, recorded_at, count(*) AS n FROM added GROUP BY txn_id, recorded_at) AS n
    LEFT JOIN ledger_transaction t ON t.id = n.txn_id AND t.recorded_at = n.recorded_at
        AND t.xid = pg_current_xact_id()
    WHERE t.id IS NULL OR n.n <> (
        SELECT count(*) FROM ledger_entry e
        WHERE e.txn_id = n.txn_id AND e.recorded_at = n.recorded_at) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % has its entries already, or is not of this moment', bad.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_all_at_once';
    END IF;
    SELECT s.account_id INTO bad
    FROM (SELECT account_id, min(commodity_id) AS commodity_id, count(*) AS n,
                 count(DISTINCT commodity_id) AS commodities,
                 min(version) AS first, max(version) AS last, max(recorded_at) AS recorded_at,
                 max(balance_after) FILTER (WHERE version = (
                     SELECT max(version) FROM added o WHERE o.account_id = added.account_id
                 )) AS balance_after
          FROM added GROUP BY account_id) AS s
    LEFT JOIN ledger_account a ON a.id = s.account_id AND a.commodity_id = s.commodity_id
    LEFT JOIN ledger_balance b ON b.account_id = s.account_id
    WHERE a.id IS NULL OR b.account_id IS NULL OR s.commodities <> 1
       OR b.version <> s.last OR b.amount <> s.balance_after OR b.recorded_at <> s.recorded_at
       OR s.last - s.first + 1 <> s.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of account % and its balance differ', bad.account_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_agrees_with_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_checked AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries();
"""

PARTITIONS = """
CREATE FUNCTION ledger_guard_partition(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_protect(part);
    EXECUTE format('CREATE TRIGGER %s_checked AFTER INSERT ON %I REFERENCING NEW TABLE AS added'
        ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries()', part, part);
END $$;
CREATE FUNCTION ledger_attach_partition(part text, month timestamp)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE ledger_entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END $$;
CREATE FUNCTION ledger_make_partitions(first date, last date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    month timestamp := date_trunc('month', first::timestamp);
    name text;
    made int := 0;
BEGIN
    WHILE month <= last LOOP
        name := 'entry_y' || to_char(month, 'YYYY"m"MM');
        IF to_regclass('ledger_' || name) IS NULL AND to_regclass('detached_' || name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE ledger_entry INCLUDING ALL)', 'ledger_' || name);
            PERFORM ledger_attach_partition('ledger_' || name, month);
            PERFORM ledger_guard_partition('ledger_' || name);
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
SELECT ledger_make_partitions((now() AT TIME ZONE 'UTC')::date,
                              (now() AT TIME ZONE 'UTC' + interval '2 years')::date);
CREATE TABLE ledger_entry_rest PARTITION OF ledger_entry DEFAULT;
SELECT ledger_guard_partition('ledger_entry_rest');
CREATE FUNCTION ledger_move_rest() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    month timestamp;
    part text;
    n bigint;
    moved bigint := 0;
BEGIN
    LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE;
    ALTER TABLE ledger_entry DETACH PARTITION ledger_entry_rest;
    FOR month IN SELECT DISTINCT date_trunc('month', recorded_at AT TIME ZONE 'UTC')
                 FROM ledger_entry_rest ORDER BY 1 LOOP
        part := 'ledger_entry_y' || to_char(month, 'YYYY"m"MM');
        EXECUTE format('CREATE TABLE %I (LIKE ledger_entry INCLUDING ALL)', part);
        EXECUTE format('INSERT INTO %I SELECT * FROM ledger_entry_rest'
            ' WHERE date_trunc(''month'', recorded_at AT TIME ZONE ''UTC'') = %L', part, month);
        GET DIAGNOSTICS n = ROW_COUNT;
        PERFORM ledger_attach_partition(part, month);
        PERFORM ledger_guard_partition(part);
        moved := moved + n;
    END LOOP;
    IF moved <> (SELECT count(*) FROM ledger_entry_rest) THEN
        RAISE EXCEPTION 'not every row of ledger_entry_rest was moved';
    END IF;
    DROP TABLE ledger_entry_rest;
    CREATE TABLE ledger_entry_rest PARTITION OF ledger_entry DEFAULT;
    PERFORM ledger_guard_partition('ledger_entry_rest');
    RETURN moved;
END $$;
"""

POST = """
CREATE FUNCTION ledger_post(
    sources text[], keys text[], kinds text[], abouts text[], actors text[], memos text[],
    effectives timestamptz[], reversals bigint[],
    legs_n int[], legs_account bigint[], legs_amount bigint[],
    OUT ids bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    hashes bytea[];
    new_ns int[];
    new_ids bigint[];
    clash text;
    locked int;
    stamp timestamptz;
BEGIN
    -- Under the locks: so per account the times never go back, whatever the clock does.
    SELECT count(*), greatest(clock_timestamp(), max(recorded_at)) INTO locked, stamp
    FROM (SELECT recorded_at FROM ledger_balance WHERE account_id = ANY (legs_account)
          ORDER BY account_id FOR NO KEY UPDATE) AS b;
    IF locked <> (SELECT count(DISTINCT id) FROM unnest(legs_account) AS l(id)) THEN
        RAISE EXCEPTION 'an entry names an unknown account'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entry_known_account';
    END IF;

    SELECT array_agg(sha256(convert_to(concat_ws(chr(31), kinds[t.n], abouts[t.n],
               coalesce(reversals[t.n]::text, ''),
               coalesce(extract(epoch FROM effectives[t.n])::text, ''), l.body), 'UTF8'))
           ORDER BY t.n)
    INTO hashes
    FROM generate_subscripts(keys, 1) AS t(n)
    LEFT JOIN (SELECT n, string_agg(account || ':' || amount, ',' ORDER BY account, amount) AS body
               FROM unnest(legs_n, legs_account, legs_amount) AS l(n, account, amount)
               WHERE amount <> 0 GROUP BY n) AS l ON l.n = t.n;

    WITH claimed AS (
        INSERT INTO ledger_transaction (source, key, body_hash, kind, about, actor, memo,
                                        effective_at, recorded_at, reverses_id)
        SELECT sources[n], keys[n], hashes[n], kinds[n], abouts[n], actors[n], memos[n],
               coalesce(effectives[n], stamp), stamp, reversals[n]
        FROM (SELECT DISTINCT n FROM unnest(legs_n, legs_amount) AS l(n, amount)
              WHERE amount <> 0) AS used ORDER BY n
        ON CONFLICT (source, key) DO NOTHING
        RETURNING id, source, key
    )
    SELECT array_agg(n), array_agg(id) INTO new_ns, new_ids
    FROM (SELECT min(t.n) AS n, c.id FROM claimed c
          JOIN generate_subscripts(keys, 1) AS t(n) ON sources[t.n] = c.source AND keys[t.n] = c.key
          GROUP BY c.id) AS first;

    SELECT array_agg(x.id ORDER BY t.n), min(CASE WHEN x.body_hash <> hashes[t.n] THEN x.key END)
    INTO ids, clash
    FROM generate_subscripts(keys, 1) AS t(n)
    LEFT JOIN ledger_transaction x ON x.source = sources[t.n] AND x.key = keys[t.n];
    IF clash IS NOT NULL THEN
        RAISE EXCEPTION 'key % was used with other content', clash
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'ledger_transaction_same_content';
    END IF;

    WITH legs AS (
        SELECT l.account, l.amount, i.txn, row_number() OVER w AS step,
               sum(l.amount) OVER w AS running
        FROM unnest(legs_n, legs_account, legs_amount) WITH ORDINALITY AS l(n, account, amount, pos)
        JOIN unnest(new_ns, new_ids) AS i(n, txn) ON i.n = l.n
        WHERE l.amount <> 0
        WINDOW w AS (PARTITION BY l.account ORDER BY l.n, l.pos ROWS UNBOUNDED PRECEDING)
    ), moved AS (
        UPDATE ledger_balance b SET amount = b.amount + m.total, version = b.version + m.steps,
                                    recorded_at = stamp
        FROM (SELECT account, sum(amount)::bigint AS total, count(*) AS steps
              FROM legs GROUP BY account) AS m
        WHERE b.account_id = m.account
        RETURNING b.account_id, b.amount - m.total AS before, b.version - m.steps AS version
    )
    INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                              balance_after)
    SELECT l.account, stamp, m.version + l.step, l.txn, a.commodity_id, l.amount,
           (m.before + l.running)::bigint
    FROM legs l JOIN moved m ON m.account_id = l.account JOIN ledger_account a ON a.id = l.account;
END $$;
"""

UNDO = """
DROP FUNCTION ledger_post;
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
            [ARITHMETIC, BALANCES, APPEND_ONLY, COLUMNS, ENTRIES_ONCE, PARTITIONS, POST],
            reverse_sql=UNDO,
        ),
    ]
