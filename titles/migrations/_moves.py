"""What the database does itself about units on their way: positions, the cap, offers."""

RULES = """
CREATE FUNCTION titles_all_units(of_pool bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(-sum(b.amount), 0)::bigint FROM assets_pool p
    JOIN ledger_commodity c ON c.code = 'unit:' || p.code
    JOIN ledger_account a ON a.commodity_id = c.id AND a.kind = 'created'
    JOIN ledger_balance b ON b.account_id = a.id WHERE p.id = of_pool
$$;
CREATE FUNCTION titles_treasury(of_pool bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(b.amount), 0)::bigint FROM assets_pool p
    JOIN ledger_commodity c ON c.code = 'unit:' || p.code
    JOIN ledger_account a ON a.commodity_id = c.id AND a.kind = 'treasury'
    JOIN ledger_balance b ON b.account_id = a.id WHERE p.id = of_pool
$$;
CREATE FUNCTION titles_cap(of_pool bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT div(titles_all_units(of_pool)::numeric * (f.part->>0)::numeric,
               (f.part->>1)::numeric)::bigint
    FROM (SELECT coalesce((
        SELECT v.value FROM policies_policyvalue v JOIN assets_pool p ON p.id = of_pool
        WHERE v.key = 'holding_cap' AND v.scope IN ('', p.code)
          AND v.valid_from <= clock_timestamp()
        ORDER BY v.scope = p.code DESC, v.valid_from DESC, v.id DESC LIMIT 1
    ), '[1, 1]'::jsonb) AS part) AS f
$$;
CREATE FUNCTION titles_linked(someone bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE pairs AS (
        SELECT first_id AS a, second_id AS b FROM members_linkedmembers WHERE ended_at IS NULL
        UNION ALL
        SELECT second_id, first_id FROM members_linkedmembers WHERE ended_at IS NULL
    ), reached AS (
        SELECT someone AS id UNION SELECT pairs.b FROM reached JOIN pairs ON pairs.a = reached.id
    )
    SELECT id FROM reached
$$;
CREATE FUNCTION titles_occupy(
    members bigint[], pools bigint[], helds bigint[], pendings bigint[], exempts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this bigint := pg_current_xact_id()::text::bigint;
    bad record;
BEGIN
    IF members IS NULL THEN
        RETURN;
    END IF;
    -- Whoever changes what is held or pending in a pool waits here, services and others alike.
    PERFORM FROM assets_pool WHERE id = ANY(pools) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO titles_position (member_id, pool_id, held, pending, base, base_in)
    SELECT DISTINCT m, p, 0, 0, 0, 0 FROM unnest(members, pools) AS c(m, p) ORDER BY m, p
    ON CONFLICT (member_id, pool_id) DO NOTHING;
    UPDATE titles_position AS q
    SET held = q.held + c.held, pending = q.pending + c.pending, base_in = this,
        base = c.exempt + CASE WHEN q.base_in = this THEN q.base ELSE q.held + q.pending END
    FROM (SELECT m, p, sum(h)::bigint AS held, sum(w)::bigint AS pending, sum(x)::bigint AS exempt
          FROM unnest(members, pools, helds, pendings, exempts) AS u(m, p, h, w, x)
          GROUP BY m, p) AS c
    WHERE q.member_id = c.m AND q.pool_id = c.p;
    WITH more AS MATERIALIZED (
        SELECT m, p FROM unnest(members, pools, helds, pendings, exempts) AS u(m, p, h, w, x)
        GROUP BY m, p HAVING sum(h) + sum(w) > sum(x)
    ), caps AS MATERIALIZED (
        SELECT p, titles_cap(p) AS cap FROM (SELECT DISTINCT p FROM more) AS d
    )
    SELECT more.m AS member, more.p AS pool, caps.cap, sum(q.held + q.pending) AS units INTO bad
    FROM more JOIN caps ON caps.p = more.p CROSS JOIN LATERAL titles_linked(more.m) AS l(id)
    JOIN titles_position q ON q.member_id = l.id AND q.pool_id = more.p
    GROUP BY 1, 2, 3
    HAVING sum(q.held + q.pending) > greatest(caps.cap, sum(
        CASE WHEN q.base_in = this THEN q.base ELSE q.held + q.pending END))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'member % would hold or have coming % units of pool %, the cap is %',
            bad.member, bad.units, bad.pool, bad.cap
            USING ERRCODE = 'check_violation', CONSTRAINT = 'titles_position_within_cap',
                  TABLE = 'titles_position';
    END IF;
END $$;
CREATE FUNCTION titles_offer_what_is_free(pools bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.id AS pool, titles_treasury(p.id) AS there, r.n + w.n AS promised INTO bad
    FROM assets_pool p
    CROSS JOIN LATERAL (SELECT coalesce(sum(count), 0) AS n FROM titles_subscription
                        WHERE pool_id = p.id AND state = 'reserved' AND holds) AS r
    CROSS JOIN LATERAL (SELECT coalesce(sum(offered), 0) AS n FROM titles_waitingplace
                        WHERE pool_id = p.id AND state = 'offered') AS w
    WHERE p.id = ANY(pools) AND r.n + w.n > titles_treasury(p.id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% units of pool % are promised, but its treasury holds %',
            bad.promised, bad.pool, bad.there
            USING ERRCODE = 'check_violation', CONSTRAINT = 'titles_promised_within_treasury',
                  TABLE = 'titles_subscription';
    END IF;
END $$;
CREATE FUNCTION titles_count_titles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM titles_occupy(array_agg(m), array_agg(p), array_agg(h), array_agg(0::bigint),
                              array_agg(x))
        FROM (SELECT member_id AS m, pool_id AS p, sum(units)::bigint AS h,
                     coalesce(sum(units) FILTER (WHERE origin IN ('founding', 'import')),
                              0)::bigint AS x
              FROM new_rows WHERE state = 'live' GROUP BY 1, 2) AS c;
    ELSE
        PERFORM titles_occupy(array_agg(m), array_agg(p), array_agg(h), array_agg(0::bigint),
                              array_agg(0::bigint))
        FROM (SELECT o.member_id AS m, o.pool_id AS p, -sum(o.units)::bigint AS h
              FROM old_rows o JOIN new_rows n ON n.id = o.id
              WHERE o.state = 'live' AND n.state <> 'live' GROUP BY 1, 2) AS c;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION titles_promise(
    members bigint[], pools bigint[], pendings bigint[], kepts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF members IS NULL THEN
        RETURN;
    END IF;
    PERFORM titles_occupy(members, pools, array_fill(0::bigint, ARRAY[cardinality(members)]),
                          pendings, array_fill(0::bigint, ARRAY[cardinality(members)]));
    PERFORM titles_offer_what_is_free(array_agg(p))
    FROM (SELECT p FROM unnest(pools, kepts) AS u(p, k) GROUP BY p HAVING sum(k) > 0) AS c;
END $$;
CREATE FUNCTION titles_count_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM titles_promise(array_agg(member_id), array_agg(pool_id), array_agg(count),
                               array_agg(CASE WHEN holds THEN count ELSE 0 END))
        FROM new_rows WHERE state = 'reserved';
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM titles_promise(array_agg(m), array_agg(p), array_agg(n), array_agg(k))
        FROM (SELECT member_id AS m, pool_id AS p, sum(n)::bigint AS n, sum(k)::bigint AS k FROM (
            SELECT member_id, pool_id, count AS n, CASE WHEN holds THEN count ELSE 0 END AS k FROM new_rows WHERE state = 'reserved'
            UNION ALL
            SELECT member_id, pool_id, -count, -CASE WHEN holds THEN count ELSE 0 END FROM old_rows WHERE state = 'reserved') AS u
            GROUP BY 1, 2 HAVING (sum(n), sum(k)) <> (0, 0)) AS c;
    ELSE
        PERFORM titles_promise(array_agg(member_id), array_agg(pool_id), array_agg(-count),
                               array_agg(-CASE WHEN holds THEN count ELSE 0 END))
        FROM old_rows WHERE state = 'reserved';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION titles_count_offers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM titles_promise(array_agg(member_id), array_agg(pool_id), array_agg(offered),
                               array_agg(offered))
        FROM new_rows WHERE state = 'offered';
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM titles_promise(array_agg(m), array_agg(p), array_agg(n), array_agg(k))
        FROM (SELECT member_id AS m, pool_id AS p, sum(n)::bigint AS n, sum(k)::bigint AS k FROM (
            SELECT member_id, pool_id, offered AS n, offered AS k FROM new_rows WHERE state = 'offered'
            UNION ALL
            SELECT member_id, pool_id, -offered, -offered FROM old_rows WHERE state = 'offered') AS u
            GROUP BY 1, 2 HAVING (sum(n), sum(k)) <> (0, 0)) AS c;
    ELSE
        PERFORM titles_promise(array_agg(member_id), array_agg(pool_id), array_agg(-offered),
                               array_agg(-offered))
        FROM old_rows WHERE state = 'offered';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION titles_position_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'what a member holds and has coming follows from titles and purchases'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
FILL = """
INSERT INTO titles_position (member_id, pool_id, held, pending, base, base_in)
SELECT member_id, pool_id, sum(held), sum(pending), 0, 0 FROM (
    SELECT member_id, pool_id, units AS held, 0 AS pending FROM titles_title WHERE state = 'live'
    UNION ALL
    SELECT member_id, pool_id, 0, count FROM titles_subscription WHERE state = 'reserved') AS u
GROUP BY 1, 2 ORDER BY 1, 2;
UPDATE titles_subscription SET holds = false
WHERE state = 'reserved' AND charge_id IN (SELECT id FROM payments_charge WHERE due < current_date);
SET CONSTRAINTS ALL IMMEDIATE;
"""
TRIGGERS = """
CREATE TRIGGER titles_position_follows BEFORE INSERT OR UPDATE OR DELETE
    ON titles_position FOR EACH STATEMENT EXECUTE FUNCTION titles_position_follows();
CREATE TRIGGER titles_title_counts_new AFTER INSERT ON titles_title
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION titles_count_titles();
CREATE TRIGGER titles_title_counts_ended AFTER UPDATE ON titles_title
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_titles();
CREATE TRIGGER titles_subscription_counts_new AFTER INSERT ON titles_subscription
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_reservations();
CREATE TRIGGER titles_subscription_counts_changed AFTER UPDATE ON titles_subscription
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_reservations();
CREATE TRIGGER titles_subscription_counts_gone AFTER DELETE ON titles_subscription
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_reservations();
CREATE TRIGGER titles_waitingplace_counts_new AFTER INSERT ON titles_waitingplace
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_offers();
CREATE TRIGGER titles_waitingplace_counts_changed AFTER UPDATE ON titles_waitingplace
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_offers();
CREATE TRIGGER titles_waitingplace_counts_gone AFTER DELETE ON titles_waitingplace
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION titles_count_offers();
CREATE FUNCTION titles_transfer_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'offered' OR
       (NEW.giver_id, NEW.pool_id, NEW.units, NEW.kind, NEW.created_at, NEW.key)
       IS DISTINCT FROM
       (OLD.giver_id, OLD.pool_id, OLD.units, OLD.kind, OLD.created_at, OLD.key) THEN
        RAISE EXCEPTION 'transfer % stands as it was offered and decided', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER titles_transfer_is_decided_once BEFORE UPDATE ON titles_transfer
    FOR EACH ROW WHEN (OLD.note = NEW.note) EXECUTE FUNCTION titles_transfer_is_decided_once();
CREATE TRIGGER titles_inheritance_append_only BEFORE DELETE OR TRUNCATE
    ON titles_inheritance FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_inheritanceshare_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_inheritanceshare FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER titles_inheritanceshare_append_only ON titles_inheritanceshare;
DROP TRIGGER titles_inheritance_append_only ON titles_inheritance;
DROP TRIGGER titles_transfer_is_decided_once ON titles_transfer;
DROP FUNCTION titles_transfer_is_decided_once();
DROP TRIGGER titles_subscription_counts_gone ON titles_subscription;
DROP TRIGGER titles_subscription_counts_changed ON titles_subscription;
DROP TRIGGER titles_subscription_counts_new ON titles_subscription;
DROP TRIGGER titles_waitingplace_counts_gone ON titles_waitingplace;
DROP TRIGGER titles_waitingplace_counts_changed ON titles_waitingplace;
DROP TRIGGER titles_waitingplace_counts_new ON titles_waitingplace;
DROP TRIGGER titles_title_counts_ended ON titles_title;
DROP TRIGGER titles_title_counts_new ON titles_title;
DROP TRIGGER titles_position_follows ON titles_position;
DROP FUNCTION titles_position_follows();
DROP FUNCTION titles_count_offers();
DROP FUNCTION titles_count_reservations();
DROP FUNCTION titles_promise(bigint[], bigint[], bigint[], bigint[]);
DROP FUNCTION titles_count_titles();
DROP FUNCTION titles_offer_what_is_free(bigint[]);
DROP FUNCTION titles_occupy(bigint[], bigint[], bigint[], bigint[], bigint[]);
DROP FUNCTION titles_linked(bigint);
DROP FUNCTION titles_cap(bigint);
DROP FUNCTION titles_treasury(bigint);
DROP FUNCTION titles_all_units(bigint);
"""
