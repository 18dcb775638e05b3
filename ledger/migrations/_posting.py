"""The functions of the database that post: `ledger_post` is the one door (docs/ledger.md)."""

# What a key stands for. `body` is "account:amount" of each leg, by account, then amount.
BODY = """
CREATE FUNCTION ledger_body_hash(
    kind text, about text, reversal bigint, effective timestamptz, body text
) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(concat_ws(chr(31), kind, about, coalesce(reversal::text, ''),
        coalesce(extract(epoch FROM effective)::text, ''), body), 'UTF8'))
$$;
"""

# Whether each new reversal moves exactly what its original moved, the other way round.
OPPOSITES = """
CREATE FUNCTION ledger_are_opposites(
    fresh bigint[], reversals bigint[], legs_n int[], legs_account bigint[], legs_amount bigint[]
) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(
        (SELECT string_agg(account || ':' || amount, ',' ORDER BY account, amount)
         FROM unnest(legs_n, legs_account, legs_amount) AS l(n, account, amount)
         WHERE l.n = r.n AND amount <> 0)
        IS NOT DISTINCT FROM
        (SELECT string_agg(e.account_id || ':' || -e.amount::numeric, ','
                           ORDER BY e.account_id, -e.amount::numeric)
         FROM ledger_transaction t
         JOIN ledger_entry e ON e.txn_id = t.id AND e.recorded_at = t.recorded_at
         WHERE t.id = r.original)
    ), true)
    FROM unnest(fresh, reversals) WITH ORDINALITY AS r(id, original, n)
    WHERE r.id IS NOT NULL AND r.original IS NOT NULL
$$;
"""

# The everyday case, for `ledger_post` alone: one transaction with a few legs, each another account.
# Gives null, and has written nothing, where it is not that simple: then the long way is taken.
# Each account is locked by a statement of its own: that takes half as long as one for all.
POST_ONE = """
CREATE FUNCTION ledger_post_one(
    its_source text, its_key text, its_kind text, its_about text, its_actor text, its_memo text,
    effective timestamptz, reversal bigint, accounts bigint[], moves bigint[],
    OUT txn bigint) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    its_version bigint;
    its_balance bigint;
    its_moment timestamptz;
    its_commodity int;
    versions bigint[];
    balances numeric[]; -- for a repeat, which is found out later, they may be any
    commodities int[];
    body text;
    stamp timestamptz;
BEGIN
    IF cardinality(accounts) = 2 AND accounts[1] > accounts[2] THEN
        accounts := ARRAY[accounts[2], accounts[1]];
        moves := ARRAY[moves[2], moves[1]];
    END IF;
    -- Before anything is locked: locks are taken in the order of accounts or not at all.
    FOR n IN 2 .. cardinality(accounts) LOOP
        IF accounts[n] <= accounts[n - 1] THEN
            RETURN;
        END IF;
    END LOOP;
    FOR n IN 1 .. cardinality(accounts) LOOP
        place := accounts[n];
        SELECT b.version, b.amount, b.recorded_at, a.commodity_id
        INTO its_version, its_balance, its_moment, its_commodity
        FROM ledger_balance b, ledger_account a
        WHERE b.account_id = place AND a.id = place FOR NO KEY UPDATE OF b;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        stamp := greatest(stamp, its_moment);
        versions[n] := its_version + 1;
        balances[n] := its_balance::numeric + moves[n];
        commodities[n] := its_commodity;
        body := concat_ws(',', body, place || ':' || moves[n]);
    END LOOP;
    stamp := greatest(stamp, clock_timestamp());
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
        FROM made, unnest(accounts, balances, versions) AS p(account, balance, version)
        WHERE b.account_id = p.account
    )
    INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                              balance_after)
    SELECT p.account, stamp, p.version, made.id, p.commodity, p.move, p.balance
    FROM made, unnest(accounts, versions, commodities, moves, balances)
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
       AND 0 <> ALL (legs_amount) AND reversals[1] IS NULL THEN
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
    IF num_nonnulls(VARIADIC reversals) > 0 AND NOT ledger_are_opposites(
        fresh, reversals, legs_n, legs_account, legs_amount) THEN
        RAISE EXCEPTION 'a reversal is not the exact opposite of what it reverses'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_opposite';
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

# Posting outside of a transaction. Who had to wait for an account is not the only one who wants
# it: then the locks are let go before the disk has answered, so that those who wait share one
# write to disk, and the call returns when that is done. What is written later depends on what was
# written before, in the database's own log too: a crash between the two takes back nothing that
# anybody was told of.
POST_ALONE = """
CREATE PROCEDURE ledger_post_alone(
    sources text[], keys text[], kinds text[], abouts text[], actors text[], memos text[],
    effectives timestamptz[], reversals bigint[],
    legs_n int[], legs_account bigint[], legs_amount bigint[],
    INOUT ids bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    ids := ledger_post(sources, keys, kinds, abouts, actors, memos, effectives, reversals,
                       legs_n, legs_account, legs_amount);
    IF clock_timestamp() - began > interval '1 ms' THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        COMMIT;
        PERFORM pg_logical_emit_message(true, 'ledger', '');
    END IF;
END $$;
"""
