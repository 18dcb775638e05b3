"""What the database refuses about sealed votes.

A deal is replaced only while its proposal is a draft. A tally comes only while the trustees' count
is waited for. A trustee's key is ended once, and never changed.
"""

from django.db import migrations, models

KEYS = """
CREATE FUNCTION governance_trusteekey_only_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR
     (to_jsonb(NEW) - 'ended_at') IS DISTINCT FROM (to_jsonb(OLD) - 'ended_at') THEN
    RAISE EXCEPTION 'trustee key %: it is only ended, never changed', OLD.id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_trusteekey_only_ended BEFORE UPDATE ON governance_trusteekey
  FOR EACH ROW EXECUTE FUNCTION governance_trusteekey_only_ended();
CREATE TRIGGER governance_trusteekey_stays BEFORE DELETE OR TRUNCATE ON governance_trusteekey
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
DEALS = """
CREATE FUNCTION governance_sealedvote_with_its_notice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE vote bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.proposal_id ELSE NEW.proposal_id END;
BEGIN
  IF (SELECT state FROM governance_proposal WHERE id = vote) <> 'draft' OR
     (TG_OP = 'UPDATE' AND NEW.proposal_id <> OLD.proposal_id) THEN
    RAISE EXCEPTION 'proposal %: the key of a sealed vote is frozen with its notice', vote
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER governance_sealedvote_with_its_notice BEFORE INSERT OR UPDATE OR DELETE
  ON governance_sealedvote
  FOR EACH ROW EXECUTE FUNCTION governance_sealedvote_with_its_notice();
CREATE TRIGGER governance_sealedvote_stays BEFORE TRUNCATE ON governance_sealedvote
  FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""
TALLIES = """
CREATE FUNCTION governance_sealedtally_when_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT p.state FROM governance_proposal p JOIN governance_sealedvote s ON s.proposal_id = p.id
      WHERE s.id = NEW.sealed_vote_id) <> 'counting' THEN
    RAISE EXCEPTION 'sealed vote %: its count is not waited for', NEW.sealed_vote_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER governance_sealedtally_when_counting BEFORE INSERT ON governance_sealedtally
  FOR EACH ROW EXECUTE FUNCTION governance_sealedtally_when_counting();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0007_delegations")]
    operations = [
        migrations.AddField(
            model_name="sealedtally",
            name="envelope",
            field=models.BinaryField(default=b"", help_text="the document as k trustees signed it"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="sealedtally",
            name="document",
            field=models.JSONField(help_text="the signed document, for reading"),
        ),
        migrations.RunSQL(KEYS),
        migrations.RunSQL(DEALS),
        migrations.RunSQL(TALLIES),
    ]
