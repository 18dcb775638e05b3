"""The rules of orders that live in the database."""

RULES = [
    """
CREATE TRIGGER bank_paymentorder_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON bank_paymentorder FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_paymentorderitem_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON bank_paymentorderitem FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_collectionorder_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON bank_collectionorder FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER bank_collectionitem_not_removed BEFORE DELETE OR TRUNCATE
    ON bank_collectionitem FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION bank_check_order_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payments_payout WHERE id = NEW.payout_id AND round = NEW.round
                   AND state = 'ordered') THEN
        RAISE EXCEPTION 'payout % is not approved for a file', NEW.payout_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_paymentorderitem_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_paymentorderitem_approved BEFORE INSERT ON bank_paymentorderitem
    FOR EACH ROW EXECUTE FUNCTION bank_check_order_item();
"""
]
UNDO = """
DROP TRIGGER bank_paymentorderitem_approved ON bank_paymentorderitem;
DROP FUNCTION bank_check_order_item();
DROP TRIGGER bank_collectionitem_not_removed ON bank_collectionitem;
DROP TRIGGER bank_collectionorder_append_only ON bank_collectionorder;
DROP TRIGGER bank_paymentorderitem_append_only ON bank_paymentorderitem;
DROP TRIGGER bank_paymentorder_append_only ON bank_paymentorder;
"""
