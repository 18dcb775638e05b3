"""What the database itself refuses about votes.

A proposal stays as announced and only ever moves on; rolls, boards, certificates and executions
are only added to; a ballot is taken only while the vote is open, as the next of its board.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION governance_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: rows of votes are only added, never changed', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION governance_proposal_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'draft' AND
     (OLD.kind, OLD.version, OLD.title, OLD.text, OLD.proposer_id, OLD.action, OLD.payload,
      OLD.payload_hash, OLD.key, OLD.notice_at, OLD.notice_hash, OLD.terms, OLD.preview)
     IS DISTINCT FROM
     (NEW.kind, NEW.version, NEW.title, NEW.text, NEW.proposer_id, NEW.action, NEW.payload,
      NEW.payload_hash, NEW.key, NEW.notice_at, NEW.notice_hash, NEW.terms, NEW.preview) THEN
    RAISE EXCEPTION 'proposal % was announced: a change needs a new version', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  -- A late opening moves both dates alike, so that the voting time stays whole.
  IF OLD.state <> 'draft' AND
     (OLD.opens_at, OLD.closes_at) IS DISTINCT FROM (NEW.opens_at, NEW.closes_at) AND NOT (
       OLD.state = 'notice' AND NEW.state = 'open' AND NEW.opens_at >= OLD.opens_at AND
       NEW.closes_at - NEW.opens_at = OLD.closes_at - OLD.opens_at) THEN
    RAISE EXCEPTION 'proposal %: nobody moves the dates of a vote', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
       ('draft', 'notice'), ('draft', 'withdrawn'), ('notice', 'open'),
       ('open', 'failed'), ('open', 'passed'), ('open', 'timelocked'),
       ('timelocked', 'executed'), ('timelocked', 'refused'), ('timelocked', 'expired')) THEN
    RAISE EXCEPTION 'proposal %: % does not become %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER governance_proposal_moves_on BEFORE UPDATE ON governance_proposal
  FOR EACH ROW EXECUTE FUNCTION governance_proposal_moves_on();
CREATE TRIGGER governance_proposal_stays BEFORE DELETE OR TRUNCATE ON governance_proposal
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();

CREATE FUNCTION governance_ballot_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last integer;
BEGIN
  IF NOT EXISTS (SELECT FROM governance_proposal p WHERE p.id = NEW.proposal_id
                 AND p.state = 'open' AND now() >= p.opens_at AND now() < p.closes_at) THEN
    RAISE EXCEPTION 'proposal %: the ballot is not open', NEW.proposal_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT coalesce(max(index), 0) INTO last FROM governance_ballot
    WHERE proposal_id = NEW.proposal_id;
  IF NEW.index <> last + 1 THEN
    RAISE EXCEPTION 'proposal %: entry % of the board follows on %',
      NEW.proposal_id, NEW.index, last USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER governance_ballot_is_next BEFORE INSERT ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_ballot_is_next();

CREATE FUNCTION governance_ballot_only_reason_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.reason = '' AND
     (to_jsonb(NEW) - 'reason') IS NOT DISTINCT FROM (to_jsonb(OLD) - 'reason') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'governance_ballot: rows of votes are only added, never changed'
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER governance_ballot_stays_as_cast BEFORE UPDATE ON governance_ballot
  FOR EACH ROW EXECUTE FUNCTION governance_ballot_only_reason_emptied();
CREATE TRIGGER governance_ballot_stays BEFORE DELETE OR TRUNCATE ON governance_ballot
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
UNDO = """
DROP TRIGGER governance_ballot_stays ON governance_ballot;
DROP TRIGGER governance_ballot_stays_as_cast ON governance_ballot;
DROP TRIGGER governance_ballot_is_next ON governance_ballot;
DROP TRIGGER governance_proposal_stays ON governance_proposal;
DROP TRIGGER governance_proposal_moves_on ON governance_proposal;
DROP FUNCTION governance_ballot_only_reason_emptied();
DROP FUNCTION governance_ballot_is_next();
DROP FUNCTION governance_proposal_moves_on();
DROP FUNCTION governance_refuse_change();
"""
TABLES = ("delivery", "chamber", "rollrow", "certificate", "execution")
GUARD = """
CREATE TRIGGER governance_{table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE
  ON governance_{table} FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
UNGUARD = "DROP TRIGGER governance_{table}_stays ON governance_{table};"


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE, UNDO),
        *(
            migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table))
            for table in TABLES
        ),
    ]
