"""The rules of payouts that live in the database."""

APPROVAL = """
CREATE FUNCTION payments_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted payments_payout; payee bigint;
BEGIN
    SELECT * INTO STRICT wanted FROM payments_payout WHERE id = NEW.payout_id FOR NO KEY UPDATE;
    SELECT user_id INTO payee FROM members_member WHERE id = wanted.member_id;
    IF payee = NEW.user_id THEN
        RAISE EXCEPTION 'the payee cannot approve payout %', wanted.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_approval_not_by_payee';
    END IF;
    IF NOT EXISTS (SELECT FROM members_role WHERE user_id = NEW.user_id AND name = 'treasurer'
                   AND since <= NEW.approved_at AND (until IS NULL OR until > NEW.approved_at)) THEN
        RAISE EXCEPTION 'payout % is approved by treasurers', wanted.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_approval_by_treasurer';
    END IF;
    IF wanted.state NOT IN ('requested', 'returned') OR wanted.round <> NEW.round
       OR NOT EXISTS (SELECT FROM payments_bankaccount
                      WHERE id = NEW.account_id AND member_id = wanted.member_id) THEN
        RAISE EXCEPTION 'payout % does not wait for this approval', wanted.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_approval_of_what_waits';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_approval_counts BEFORE INSERT ON payments_payoutapproval
    FOR EACH ROW EXECUTE FUNCTION payments_check_approval();
CREATE TRIGGER payments_approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_payoutapproval FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
PAYOUT = """
CREATE FUNCTION payments_check_payout() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE given integer;
BEGIN
    IF (NEW.id, NEW.member_id, NEW.kind, NEW.reference, NEW.amount, NEW.key,
        NEW.purse_account_id, NEW.source_account_id, NEW.requested_at)
       IS DISTINCT FROM
       (OLD.id, OLD.member_id, OLD.kind, OLD.reference, OLD.amount, OLD.key,
        OLD.purse_account_id, OLD.source_account_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'payout % stands as it was asked for', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.round < OLD.round OR NEW.state <> OLD.state AND NOT EXISTS (
        SELECT FROM (VALUES
            ('requested', 'approved'), ('requested', 'cancelled'), ('returned', 'approved'),
            ('returned', 'cancelled'), ('returned', 'requested'), ('approved', 'requested'),
            ('approved', 'ordered'), ('approved', 'executed'), ('approved', 'cancelled'),
            ('ordered', 'executed'), ('ordered', 'returned'), ('executed', 'returned')
        ) AS step(before, after) WHERE before = OLD.state AND after = NEW.state) THEN
        RAISE EXCEPTION 'payout % cannot go from % to %', OLD.reference, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state IN ('approved', 'ordered', 'executed') THEN
        SELECT count(DISTINCT user_id) INTO given FROM payments_payoutapproval
        WHERE payout_id = NEW.id AND round = NEW.round AND account_id = NEW.account_id;
        IF given < 2 THEN
            RAISE EXCEPTION 'payout % needs the approval of two', OLD.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_payout_two_approvals';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_payout_steps BEFORE UPDATE ON payments_payout
    FOR EACH ROW EXECUTE FUNCTION payments_check_payout();
CREATE FUNCTION payments_payout_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payout % begins by being requested', NEW.reference
        USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_payout_begins';
END $$;
CREATE TRIGGER payments_payout_begins BEFORE INSERT ON payments_payout
    FOR EACH ROW WHEN (NEW.state <> 'requested') EXECUTE FUNCTION payments_payout_begins();
CREATE TRIGGER payments_payout_not_removed BEFORE DELETE OR TRUNCATE ON payments_payout
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_payoutevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_payoutevent FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
ACCOUNT = """
CREATE FUNCTION payments_keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.member_id, NEW.since, NEW.iban, NEW.bic, NEW.holder)
       IS DISTINCT FROM (OLD.id, OLD.member_id, OLD.since, '', '', '') THEN
        RAISE EXCEPTION 'a bank account is replaced by a new row, or blanked on erasure'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_bankaccount_stands BEFORE UPDATE ON payments_bankaccount
    FOR EACH ROW EXECUTE FUNCTION payments_keep_account();
CREATE TRIGGER payments_bankaccount_not_removed BEFORE DELETE OR TRUNCATE
    ON payments_bankaccount FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
KEPT = """
CREATE TRIGGER payments_reminder_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_reminder FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_reminderstop_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_reminderstop FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_memberdefault_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payments_memberdefault FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_mandate_not_removed BEFORE DELETE OR TRUNCATE
    ON payments_mandate FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION payments_keep_mandate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.member_id, NEW.reference, NEW.signed_on, NEW.consent)
       IS DISTINCT FROM (OLD.member_id, OLD.reference, OLD.signed_on, OLD.consent)
       OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        RAISE EXCEPTION 'mandate % stands as it was signed', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_mandate_stands BEFORE UPDATE ON payments_mandate
    FOR EACH ROW EXECUTE FUNCTION payments_keep_mandate();
"""
RULES = [APPROVAL, PAYOUT, ACCOUNT, KEPT]
UNDO = """
DROP TRIGGER payments_mandate_stands ON payments_mandate;
DROP FUNCTION payments_keep_mandate();
DROP TRIGGER payments_mandate_not_removed ON payments_mandate;
DROP TRIGGER payments_memberdefault_append_only ON payments_memberdefault;
DROP TRIGGER payments_reminderstop_append_only ON payments_reminderstop;
DROP TRIGGER payments_reminder_append_only ON payments_reminder;
DROP TRIGGER payments_bankaccount_not_removed ON payments_bankaccount;
DROP TRIGGER payments_bankaccount_stands ON payments_bankaccount;
DROP FUNCTION payments_keep_account();
DROP TRIGGER payments_payoutevent_append_only ON payments_payoutevent;
DROP TRIGGER payments_payout_not_removed ON payments_payout;
DROP TRIGGER payments_payout_begins ON payments_payout;
DROP FUNCTION payments_payout_begins();
DROP TRIGGER payments_payout_steps ON payments_payout;
DROP FUNCTION payments_check_payout();
DROP TRIGGER payments_approval_append_only ON payments_payoutapproval;
DROP TRIGGER payments_approval_counts ON payments_payoutapproval;
DROP FUNCTION payments_check_approval();
"""
