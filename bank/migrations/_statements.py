"""The rules of statements that live in the database."""

RULES = """
CREATE FUNCTION bank_keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.statement_id, NEW.place, NEW.identity, NEW.booked_on, NEW.value_on, NEW.amount,
        NEW.bank_ref, NEW.end_to_end, NEW."references", NEW.arrival_txn_id)
       IS DISTINCT FROM
       (OLD.id, OLD.statement_id, OLD.place, OLD.identity, OLD.booked_on, OLD.value_on, OLD.amount,
        OLD.bank_ref, OLD.end_to_end, OLD."references", OLD.arrival_txn_id) THEN
        RAISE EXCEPTION 'line % stands as the bank told it', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.text, NEW.name, NEW.iban) IS DISTINCT FROM (OLD.text, OLD.name, OLD.iban)
       AND (NEW.text, NEW.name, NEW.iban) IS DISTINCT FROM ('', '', '') THEN
        RAISE EXCEPTION 'what the bank told of the payer of line % is blanked or stands', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'new' AND OLD.state <> 'new' THEN
        RAISE EXCEPTION 'line % was looked at and stays so', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_line_stands BEFORE UPDATE ON bank_line
    FOR EACH ROW EXECUTE FUNCTION bank_keep_line();
CREATE TRIGGER bank_line_not_removed BEFORE DELETE OR TRUNCATE ON bank_line
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_decision
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_statement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_bankfile_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_bankfile
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER bank_bankfile_append_only ON bank_bankfile;
DROP TRIGGER bank_statement_append_only ON bank_statement;
DROP TRIGGER bank_decision_append_only ON bank_decision;
DROP TRIGGER bank_line_not_removed ON bank_line;
DROP TRIGGER bank_line_stands ON bank_line;
DROP FUNCTION bank_keep_line();
"""
