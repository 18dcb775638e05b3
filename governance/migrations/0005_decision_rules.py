"""What the database refuses about versions, notices, delegations and what follows on a vote.

An announced proposal changes only as a new version with a new notice, before it opens. A close
moves once, later, by no more than the voting time. Rows that say what somebody did are only
added; of some the one moment that ends them is filled in once.
"""

from django.db import migrations

MOVES_ON = """
CREATE OR REPLACE FUNCTION governance_proposal_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE amended boolean := OLD.state = 'notice' AND NEW.state = 'notice'
  AND NEW.version = OLD.version + 1 AND NEW.notice_at > OLD.notice_at
  AND NEW.proposer_id = OLD.proposer_id AND NEW.key = OLD.key;
BEGIN
  IF OLD.state <> 'draft' AND NOT amended AND
     (OLD.kind, OLD.version, OLD.title, OLD.text, OLD.proposer_id, OLD.action, OLD.payload,
      OLD.payload_hash, OLD.key, OLD.notice_at, OLD.notice_hash, OLD.terms, OLD.preview,
      OLD.options, OLD.seats, OLD.ballot_kind, OLD.previous_id, OLD.because)
     IS DISTINCT FROM
     (NEW.kind, NEW.version, NEW.title, NEW.text, NEW.proposer_id, NEW.action, NEW.payload,
      NEW.payload_hash, NEW.key, NEW.notice_at, NEW.notice_hash, NEW.terms, NEW.preview,
      NEW.options, NEW.seats, NEW.ballot_kind, NEW.previous_id, NEW.because) THEN
    RAISE EXCEPTION 'proposal % was announced: a change needs a new version', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  -- A late opening moves both dates alike; the one extension moves the close, later (R14).
  IF OLD.state <> 'draft' AND NOT amended AND
     (OLD.opens_at, OLD.closes_at) IS DISTINCT FROM (NEW.opens_at, NEW.closes_at) AND NOT (
       OLD.state = 'notice' AND NEW.state = 'open' AND NEW.opens_at >= OLD.opens_at AND
       NEW.closes_at - NEW.opens_at = OLD.closes_at - OLD.opens_at) AND NOT (
       OLD.state = 'open' AND NEW.state = 'open' AND NEW.opens_at = OLD.opens_at AND
       OLD.extended_at IS NULL AND NEW.extended_at IS NOT NULL AND now() < OLD.closes_at AND
       NEW.closes_at > OLD.closes_at AND
       NEW.closes_at - OLD.closes_at <= OLD.closes_at - OLD.opens_at) THEN
    RAISE EXCEPTION 'proposal %: nobody moves the dates of a vote', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.extended_at IS NOT NULL AND NEW.extended_at IS DISTINCT FROM OLD.extended_at THEN
    RAISE EXCEPTION 'proposal %: a vote is extended once', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
       ('draft', 'notice'), ('draft', 'withdrawn'), ('notice', 'open'), ('notice', 'withdrawn'),
       ('open', 'failed'), ('open', 'passed'), ('open', 'timelocked'), ('open', 'counting'),
       ('counting', 'failed'), ('counting', 'passed'), ('counting', 'timelocked'),
       ('timelocked', 'executed'), ('timelocked', 'refused'), ('timelocked', 'expired'),
       ('timelocked', 'held'), ('held', 'timelocked'), ('held', 'vetoed')) THEN
    RAISE EXCEPTION 'proposal %: % does not become %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""
DELIVERY = """
DROP TRIGGER governance_delivery_stays ON governance_delivery;
CREATE FUNCTION governance_delivery_moments_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (to_jsonb(NEW) - 'mailed_at' - 'seen_at') IS DISTINCT FROM
     (to_jsonb(OLD) - 'mailed_at' - 'seen_at') OR
     (OLD.mailed_at IS NOT NULL AND NEW.mailed_at IS DISTINCT FROM OLD.mailed_at) OR
     (OLD.seen_at IS NOT NULL AND NEW.seen_at IS DISTINCT FROM OLD.seen_at) THEN
    RAISE EXCEPTION 'governance_delivery: rows of votes are only added, never changed'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_delivery_moments_once BEFORE UPDATE ON governance_delivery
  FOR EACH ROW EXECUTE FUNCTION governance_delivery_moments_once();
CREATE TRIGGER governance_delivery_stays BEFORE DELETE OR TRUNCATE ON governance_delivery
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
DELEGATION = """
CREATE FUNCTION governance_delegation_only_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL OR
     (to_jsonb(NEW) - 'revoked_at') IS DISTINCT FROM (to_jsonb(OLD) - 'revoked_at') THEN
    RAISE EXCEPTION 'delegation %: it is only revoked, never changed', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_delegation_only_revoked BEFORE UPDATE ON governance_delegation
  FOR EACH ROW EXECUTE FUNCTION governance_delegation_only_revoked();
CREATE TRIGGER governance_delegation_stays BEFORE DELETE OR TRUNCATE ON governance_delegation
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
TABLES = (
    "proposalversion", "rollcorrection", "halt", "carried", "outoforder", "moderation",
    "sealedtally", "emergencysignature", "delegationwarning", "lostpower",
)  # fmt: skip
GUARD = """
CREATE TRIGGER governance_{table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE
  ON governance_{table} FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0004_decisions")]
    operations = [
        migrations.RunSQL(MOVES_ON),
        migrations.RunSQL(DELIVERY),
        migrations.RunSQL(DELEGATION),
        *(migrations.RunSQL(GUARD.format(table=table)) for table in TABLES),
    ]
