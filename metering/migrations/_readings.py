"""Readings by month of arrival: SQL of 0005_partitions. Every partition has the whole's rules."""

PARTITION = """
CREATE SEQUENCE metering_reading_number;
CREATE TABLE metering_reading_parted (
    id bigint NOT NULL DEFAULT nextval('metering_reading_number'),
    position integer NOT NULL,
    rule varchar(13) NOT NULL,
    flags varchar(20)[] NOT NULL,
    incarnation varchar(64) NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    value_before numeric(20, 0),
    value numeric(20, 0) NOT NULL,
    quantity numeric(40, 0) NOT NULL,
    state varchar(8) NOT NULL,
    raw_before numeric(40, 0),
    amount bigint,
    assignment_id bigint,
    envelope_id bigint NOT NULL,
    meter_id bigint NOT NULL,
    period_id bigint,
    received_at timestamptz NOT NULL
) PARTITION BY RANGE (received_at);

CREATE FUNCTION metering_guard_months(part text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %s_whole BEFORE TRUNCATE ON %I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse()', part, part);
END $$;
CREATE FUNCTION metering_add_month(month timestamp) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text := 'metering_reading_y' || to_char(month, 'YYYY"m"MM');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE metering_reading INCLUDING ALL)', part);
    EXECUTE format('INSERT INTO %I SELECT * FROM metering_reading_rest WHERE'
        ' received_at >= %L AND received_at < %L', part,
        month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    RETURN true;
END $$;
CREATE FUNCTION metering_attach_month(month timestamp) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'metering_reading_y' || to_char(month, 'YYYY"m"MM');
BEGIN
    EXECUTE format('ALTER TABLE metering_reading ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    PERFORM metering_guard_months(part);
END $$;
CREATE FUNCTION metering_make_months(first date, last date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    month timestamp := date_trunc('month', first::timestamp);
    made int := 0;
BEGIN
    WHILE month <= last LOOP
        IF to_regclass('metering_reading_y' || to_char(month, 'YYYY"m"MM')) IS NULL THEN
            PERFORM metering_add_month(month);
            PERFORM metering_attach_month(month);
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
CREATE FUNCTION metering_move_rest() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    month timestamp;
    moved bigint;
    copied bigint := 0;
    n bigint;
BEGIN
    LOCK TABLE metering_reading IN ACCESS EXCLUSIVE MODE;
    SELECT count(*) INTO moved FROM metering_reading_rest;
    ALTER TABLE metering_reading DETACH PARTITION metering_reading_rest;
    FOR month IN SELECT DISTINCT date_trunc('month', received_at AT TIME ZONE 'UTC')
                 FROM metering_reading_rest ORDER BY 1 LOOP
        PERFORM metering_add_month(month);
        EXECUTE format('SELECT count(*) FROM metering_reading_y%s',
                       to_char(month, 'YYYY"m"MM')) INTO n;
        copied := copied + n;
        PERFORM metering_attach_month(month);
    END LOOP;
    IF moved <> copied THEN
        RAISE EXCEPTION 'not every row of metering_reading_rest was moved';
    END IF;
    DROP TABLE metering_reading_rest;
    CREATE TABLE metering_reading_rest PARTITION OF metering_reading DEFAULT;
    PERFORM metering_guard_months('metering_reading_rest');
    RETURN moved;
END $$;
"""

COPIED = """
CREATE TABLE metering_reading_rest PARTITION OF metering_reading_parted DEFAULT;
INSERT INTO metering_reading_parted
SELECT r.id, r.position, r.rule, r.flags, r.incarnation, r.begins_at, r.ends_at, r.value_before,
       r.value, r.quantity, r.state, r.raw_before, r.amount, r.assignment_id, r.envelope_id,
       r.meter_id, r.period_id, e.received_at
FROM metering_reading r JOIN metering_envelope e ON e.id = r.envelope_id;
"""

REPLACED = """
DROP TABLE metering_reading;
ALTER TABLE metering_reading_parted RENAME TO metering_reading;
ALTER SEQUENCE metering_reading_number RENAME TO metering_reading_id_seq;
ALTER SEQUENCE metering_reading_id_seq OWNED BY metering_reading.id;
SELECT setval('metering_reading_id_seq', coalesce((SELECT max(id) FROM metering_reading), 0) + 1,
              false);
ALTER TABLE metering_reading
    ADD CONSTRAINT metering_reading_pkey PRIMARY KEY (id, received_at),
    ADD CONSTRAINT metering_reading_once_each UNIQUE (envelope_id, position, received_at),
    ADD CONSTRAINT metering_reading_not_negative CHECK (quantity >= 0),
    ADD CONSTRAINT metering_reading_position_check CHECK (position >= 0),
    ADD CONSTRAINT metering_reading_assigned_or_measured
        CHECK ((state = 'measured') = (assignment_id IS NULL)),
    ADD CONSTRAINT metering_reading_rated_has_amount CHECK (
        CASE WHEN state = 'rated'
             THEN period_id IS NOT NULL AND raw_before IS NOT NULL AND amount IS NOT NULL
                  AND amount >= 0
             ELSE raw_before IS NULL AND amount IS NULL END),
    ADD CONSTRAINT metering_reading_envelope_fk FOREIGN KEY (envelope_id)
        REFERENCES metering_envelope (id),
    ADD CONSTRAINT metering_reading_meter_fk FOREIGN KEY (meter_id)
        REFERENCES metering_meter (id),
    ADD CONSTRAINT metering_reading_assignment_fk FOREIGN KEY (assignment_id)
        REFERENCES metering_meterassignment (id),
    ADD CONSTRAINT metering_reading_period_fk FOREIGN KEY (period_id)
        REFERENCES tokens_period (id);
CREATE INDEX metering_re_meter_i_5645c2_idx ON metering_reading (meter_id, id);
CREATE INDEX metering_reading_total
    ON metering_reading (assignment_id, period_id, raw_before, quantity);
CREATE INDEX metering_reading_waiting ON metering_reading (meter_id, ends_at)
    WHERE state = 'waiting';
CREATE INDEX metering_reading_late ON metering_reading (meter_id, ends_at) WHERE state = 'late';
CREATE TRIGGER metering_reading_keep BEFORE DELETE ON metering_reading
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_reading_change BEFORE UPDATE ON metering_reading
    FOR EACH ROW EXECUTE FUNCTION metering_reading_change();
SELECT metering_guard_months('metering_reading');
SELECT metering_guard_months('metering_reading_rest');
SELECT metering_move_rest();
SELECT metering_make_months((now() AT TIME ZONE 'UTC')::date,
                            (now() AT TIME ZONE 'UTC' + interval '2 months')::date);
"""

HEADS = """
UPDATE metering_meter m SET head_incarnation = n.incarnation, head_value = n.value
FROM (SELECT DISTINCT ON (meter_id) meter_id, incarnation, value FROM metering_reading
      WHERE NOT 'wrong_kind' = ANY(flags) ORDER BY meter_id, id DESC) n
WHERE n.meter_id = m.id;
UPDATE metering_meter m SET head_ends_at = n.ends_at
FROM (SELECT DISTINCT ON (meter_id) meter_id, ends_at FROM metering_reading
      WHERE NOT flags && ARRAY['wrong_kind', 'time_inferred']::varchar[]
      ORDER BY meter_id, id DESC) n
WHERE n.meter_id = m.id;
"""

EXPIRY = """
DO $$ BEGIN
    ALTER TABLE metering_envelope ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;  -- a server built without it compresses as it always did
END $$;
CREATE OR REPLACE FUNCTION metering_envelope_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_envelope := NEW;
BEGIN
    kept.status := OLD.status;
    kept.rated_at := OLD.rated_at;
    IF OLD.expired_at IS NULL AND NEW.expired_at IS NOT NULL AND OLD.rated_at IS NOT NULL
        AND NEW.payload = ''::bytea AND NEW.payload_size = length(OLD.payload)
        AND NEW.payload_digest = encode(sha256(OLD.payload), 'hex')
    THEN
        kept.payload := OLD.payload;
        kept.expired_at := NULL;
        kept.payload_size := NULL;
        kept.payload_digest := OLD.payload_digest;
    END IF;
    IF kept IS NOT DISTINCT FROM OLD
        AND (NEW.status = OLD.status
             OR (OLD.status = 'pending_gap' AND NEW.status IN ('accepted', 'conflict')))
        AND (NEW.rated_at IS NOT DISTINCT FROM OLD.rated_at OR OLD.rated_at IS NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an envelope changes its status and rated_at once, and its payload expires once'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
