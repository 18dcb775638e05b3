"""The months of entries: SQL of 0002_rules. Every partition has the rules of the whole table."""

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
