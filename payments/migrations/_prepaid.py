"""The rules of returns and notices that live in the database."""

RETURN = """
CREATE OR REPLACE FUNCTION payments_keep_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.member_id, NEW.kind, NEW.about, NEW.reference, NEW.amount)
       IS DISTINCT FROM
       (OLD.id, OLD.member_id, OLD.kind, OLD.about, OLD.reference, OLD.amount) THEN
        RAISE EXCEPTION 'charge % stands as it was raised', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'open' AND NEW.state <> OLD.state
       AND NOT (OLD.state = 'paid' AND NEW.state = 'returned') THEN
        RAISE EXCEPTION 'charge % is % and stays so', OLD.reference, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_paymentreturn_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_paymentreturn FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_providernotice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_providernotice FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER payments_providernotice_append_only ON payments_providernotice;
DROP TRIGGER payments_paymentreturn_append_only ON payments_paymentreturn;
CREATE OR REPLACE FUNCTION payments_keep_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.member_id, NEW.kind, NEW.about, NEW.reference, NEW.amount)
       IS DISTINCT FROM
       (OLD.id, OLD.member_id, OLD.kind, OLD.about, OLD.reference, OLD.amount) THEN
        RAISE EXCEPTION 'charge % stands as it was raised', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'charge % is % and stays so', OLD.reference, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
