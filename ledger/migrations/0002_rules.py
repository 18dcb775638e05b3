"""The rules of the books that live in the database: posting, zero sum, append-only.

`ledger_post` is the one door. It takes whole batches as arrays (one element per transaction, one
per entry), locks the balance rows in account order, claims the keys, and writes everything in a
few set-based statements. docs/ledger.md explains it.
"""

from django.db import migrations

from ledger.migrations._partitions import PARTITIONS

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

# What a key stands for. `body` is "account:amount" of each leg, by account, then amount.
BODY = """
CREATE FUNCTION ledger_body_hash(
    kind text, about text, reversal bigint, effective timestamptz, body text
) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(concat_ws(chr(31), kind, about, coalesce(reversal::text, ''),
        coalesce(extract(epoch FROM effective)::text, ''), body), 'UTF8'))
$$;
"""

# The everyday case, for `ledger_post` alone: one transaction with a few legs, each another account.
# Gives null, and has written nothing, where it is not that simple: then the long way is taken.
POST_ONE = """
CREATE FUNCTION ledger_post_one(
    its_source text, its_key text, its_kind text, its_about text, its_actor text, its_memo text,
    effective timestamptz, reversal bigint, leg_accounts bigint[], leg_amounts bigint[],
    OUT txn bigint) LANGUAGE plpgsql AS $$
DECLARE
    places bigint[];
    versions bigint[];
    balances numeric[]; -- for a repeat, which is found out later, they may be any
    commodities int[];
    moves bigint[] := leg_amounts;
    body text;
    stamp timestamptz;
    leg int;
BEGIN
    SELECT array_agg(account_id), array_agg(version + 1), array_agg(amount),
           array_agg(commodity_id), greatest(clock_timestamp(), max(recorded_at))
    INTO places, versions, balances, commodities, stamp
    FROM (SELECT b.account_id, b.version, b.amount, b.recorded_at,
                 (SELECT commodity_id FROM ledger_account WHERE id = b.account_id) AS commodity_id
          FROM ledger_balance b WHERE b.account_id = ANY (leg_accounts)
          ORDER BY b.account_id FOR NO KEY UPDATE) AS b;
    IF cardinality(places) IS DISTINCT FROM cardinality(leg_accounts) THEN
        RETURN;
    END IF;
    FOR n IN 1 .. cardinality(places) LOOP
        leg := array_position(leg_accounts, places[n]);
        moves[n] := leg_amounts[leg];
        balances[n] := balances[n] + moves[n];
        body := concat_ws(',', body, places[n] || ':' || moves[n]);
    END LOOP;
    txn := nextval('ledger_transaction_id_seq');
    WITH made AS (
        INSERT INTO ledger_transaction (id, source, key, body_hash, kind, about, actor, memo,
                                        effective_at, recorded_at, reverses_id)
        VALUES (txn, its_source, its_key,
                ledger_body_hash(its_kind, its_about, reversal, effective, body), its_kind,
                its_about, its_actor, its_memo, coalesce(effective, stamp), stamp, reversal)
        ON CONFLICT (source, key) DO NOTHING RETURNING id
    ), moved AS (
        UPDATE ledger_balance b SET amount = p.balance, version = p.version, recorded_at = stamp
        FROM made, unnest(places, balances, versions) AS p(account, balance, version)
        WHERE b.account_id = p.account
    )
    INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                              balance_after)
    SELECT p.account, stamp, p.version, made.id, p.commodity, p.move, p.balance
    FROM made, unnest(places, versions, commodities, moves, balances)
        AS p(account, version, commodity, move, balance);
    IF NOT FOUND THEN
        txn := NULL;
    END IF;
END $$;
"""

# The plans are to be the same for ever, whatever the tables hold when a connection first asks:
# rows of the books are found by their keys, one by one, and never by reading a whole table.
POST = """
CREATE FUNCTION ledger_post(
    sources text[], keys text[], kinds text[], abouts text[], actors text[], memos text[],
    effectives timestamptz[], reversals bigint[],
    legs_n int[], legs_account bigint[], legs_amount bigint[],
    OUT ids bigint[]) LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    hashes bytea[];
    fresh bigint[];
    clash text;
    known boolean;
    stamp timestamptz;
BEGIN
    IF cardinality(keys) = 1 AND cardinality(legs_n) <= 8 AND 1 = ALL (legs_n)
       AND 0 <> ALL (legs_amount) THEN
        ids[1] := ledger_post_one(sources[1], keys[1], kinds[1], abouts[1], actors[1], memos[1],
                                  effectives[1], reversals[1], legs_account, legs_amount);
        IF ids[1] IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;

    -- Under the locks: so per account the times never go back, whatever the clock does.
    SELECT count(*) = (SELECT count(DISTINCT id) FROM unnest(legs_account) AS l(id)),
           greatest(clock_timestamp(), max(recorded_at)) INTO known, stamp
    FROM (SELECT recorded_at FROM ledger_balance WHERE account_id = ANY (legs_account)
          ORDER BY account_id FOR NO KEY UPDATE) AS b;
    IF NOT known THEN
        RAISE EXCEPTION 'an entry names an unknown account'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entry_known_account';
    END IF;

    -- Who comes with the same key and content waits above, for the same accounts; so a key that
    -- is not found here can be taken at the same time only by other content, which is an error.
    SELECT array_agg(h.hash ORDER BY h.n), array_agg(t.id ORDER BY h.n),
           array_agg(CASE WHEN t.id IS NULL AND h.moves
                          THEN nextval('ledger_transaction_id_seq') END ORDER BY h.n),
           min(t.key) FILTER (WHERE t.body_hash <> h.hash)
    INTO hashes, ids, fresh, clash
    FROM (
        SELECT n, count(amount) > 0 AS moves,
               ledger_body_hash(kinds[n], abouts[n], reversals[n], effectives[n], string_agg(
                   account || ':' || amount, ',' ORDER BY account, amount)) AS hash
        FROM (SELECT n, account, amount
              FROM unnest(legs_n, legs_account, legs_amount) AS l(n, account, amount)
              WHERE amount <> 0
              UNION ALL SELECT n, NULL, NULL FROM generate_subscripts(keys, 1) AS k(n)) AS l
        GROUP BY n
    ) AS h
    LEFT JOIN ledger_transaction t ON t.source = sources[h.n] AND t.key = keys[h.n];
    SELECT array_agg(CASE WHEN n = first THEN fresh[n] END ORDER BY n),
           array_agg(coalesce(ids[n], fresh[first]) ORDER BY n),
           coalesce(clash, min(keys[n]) FILTER (WHERE hashes[n] <> hashes[first]))
    INTO fresh, ids, clash
    FROM (SELECT n, min(n) OVER (PARTITION BY sources[n], keys[n]) AS first
          FROM generate_subscripts(keys, 1) AS k(n)) AS k;
    IF clash IS NOT NULL THEN
        RAISE EXCEPTION 'key % was used with other content', clash
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'ledger_transaction_same_content';
    END IF;
    IF array_remove(fresh, NULL) = '{}' THEN
        RETURN;
    END IF;

    WITH made AS (
        INSERT INTO ledger_transaction (id, source, key, body_hash, kind, about, actor, memo,
                                        effective_at, recorded_at, reverses_id)
        SELECT id, sources[n], keys[n], hash, kinds[n], abouts[n], actors[n], memos[n],
               coalesce(effectives[n], stamp), stamp, reversals[n]
        FROM unnest(fresh, hashes) WITH ORDINALITY AS t(id, hash, n) WHERE id IS NOT NULL
    ), legs AS (
        SELECT account, fresh[n] AS txn, amount, row_number() OVER w AS step,
               sum(amount) OVER w AS running, lead(n) OVER w IS NULL AS is_last
        FROM unnest(legs_n, legs_account, legs_amount) WITH ORDINALITY AS l(n, account, amount, pos)
        WHERE amount <> 0 AND fresh[n] IS NOT NULL
        WINDOW w AS (PARTITION BY account ORDER BY n, pos ROWS UNBOUNDED PRECEDING)
    ), placed AS MATERIALIZED (
        SELECT l.account, l.txn, l.amount, l.is_last, b.version + l.step AS version,
               a.commodity_id, (b.amount + l.running)::bigint AS balance
        FROM legs l JOIN ledger_balance b ON b.account_id = l.account
        JOIN ledger_account a ON a.id = l.account
    ), moved AS (
        UPDATE ledger_balance b SET amount = p.balance, version = p.version, recorded_at = stamp
        FROM placed p WHERE p.is_last AND b.account_id = p.account
    )
    INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                              balance_after)
    SELECT account, stamp, version, txn, commodity_id, amount, balance FROM placed;
END $$;
"""

UNDO = """
DROP FUNCTION ledger_post;
DROP FUNCTION ledger_post_one;
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
                POST_ONE,
                POST,
            ],
            reverse_sql=UNDO,
        ),
    ]
