"""What the database refuses about offices, petitions and emergencies.

Rows say what somebody did: they are added, and what ends them is filled in once. An emergency
goes its way in one direction, and its quarantine has three days at the very most (R17).
"""

from typing import ClassVar

from django.db import migrations

EMERGENCY = """
CREATE FUNCTION governance_emergency_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.node_id, OLD.reason, OLD.evidence, OLD.evidence_sha256, OLD.at) IS DISTINCT FROM
     (NEW.node_id, NEW.reason, NEW.evidence, NEW.evidence_sha256, NEW.at) OR
     (OLD.proposal_id IS NOT NULL AND NEW.proposal_id IS DISTINCT FROM OLD.proposal_id) OR
     (OLD.answer <> '' AND NEW.answer NOT IN (OLD.answer, '')) OR
     (OLD.answered_at IS NOT NULL AND NEW.answered_at IS DISTINCT FROM OLD.answered_at) THEN
    RAISE EXCEPTION 'emergency %: what is on the record stays', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
       ('called', 'in_force'), ('called', 'lapsed'),
       ('in_force', 'ratified'), ('in_force', 'reverted')) THEN
    RAISE EXCEPTION 'emergency %: % does not become %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> 'called' AND OLD.state <> 'called' AND
     (OLD.in_force_from, OLD.until) IS DISTINCT FROM (NEW.in_force_from, NEW.until) THEN
    RAISE EXCEPTION 'emergency %: nobody moves its end', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.in_force_from IS NOT NULL AND
     (NEW.until IS NULL OR NEW.until > NEW.in_force_from + interval '72 hours') THEN
    RAISE EXCEPTION 'emergency %: it stops within 72 hours', OLD.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_emergency_moves_on BEFORE UPDATE ON governance_emergency
  FOR EACH ROW EXECUTE FUNCTION governance_emergency_moves_on();
"""
TERM = """
CREATE FUNCTION governance_term_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR
     (to_jsonb(NEW) - 'ended_at' - 'ended_by') IS DISTINCT FROM
     (to_jsonb(OLD) - 'ended_at' - 'ended_by') THEN
    RAISE EXCEPTION 'term %: it is only ended, once', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_term_ends_once BEFORE UPDATE ON governance_term
  FOR EACH ROW EXECUTE FUNCTION governance_term_ends_once();
"""
PETITION = """
CREATE FUNCTION governance_petition_calls_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.proposal_id IS NOT NULL OR
     (to_jsonb(NEW) - 'proposal_id') IS DISTINCT FROM (to_jsonb(OLD) - 'proposal_id') THEN
    RAISE EXCEPTION 'petition %: it calls its vote once and stays as signed', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_petition_calls_once BEFORE UPDATE ON governance_petition
  FOR EACH ROW EXECUTE FUNCTION governance_petition_calls_once();
"""
CANDIDATE = """
CREATE FUNCTION governance_candidate_before_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.statement = '' AND
     (to_jsonb(NEW) - 'statement') IS NOT DISTINCT FROM (to_jsonb(OLD) - 'statement') THEN
    RETURN NEW;  -- erased
  END IF;
  IF NOT EXISTS (SELECT FROM governance_proposal
                 WHERE id = NEW.proposal_id AND state = 'draft') THEN
    RAISE EXCEPTION 'proposal %: who stands is fixed with its notice', NEW.proposal_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_candidate_before_notice BEFORE INSERT OR UPDATE ON governance_candidate
  FOR EACH ROW EXECUTE FUNCTION governance_candidate_before_notice();
"""
KEPT = """
CREATE TRIGGER governance_{table}_kept BEFORE DELETE OR TRUNCATE
  ON governance_{table} FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
TABLES = ("emergency", "term", "petition", "petitionsignature", "candidate")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0008_sealed")]
    operations: ClassVar = [
        migrations.RunSQL(EMERGENCY),
        migrations.RunSQL(TERM),
        migrations.RunSQL(PETITION),
        migrations.RunSQL(CANDIDATE),
        *(migrations.RunSQL(KEPT.format(table=table)) for table in TABLES),
    ]
