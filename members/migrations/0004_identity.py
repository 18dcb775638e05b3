"""Members' keys, vouching, erasure."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE FUNCTION members_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept text[] := '{note}';
BEGIN
    IF OLD.revoked_at IS NULL THEN
        kept := '{note,revoked_at,end,end_document,revoked_by_id}';
    END IF;
    IF to_jsonb(NEW) - kept IS DISTINCT FROM to_jsonb(OLD) - kept
       OR OLD.revoked_at IS NOT NULL AND NEW.note NOT IN ('', OLD.note) THEN
        RAISE EXCEPTION 'key % stands as it was recorded, and ends once', OLD.keyid
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_memberkey_stays BEFORE UPDATE ON members_memberkey
    FOR EACH ROW EXECUTE FUNCTION members_key_stays();
CREATE FUNCTION members_vouch_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
       OR to_jsonb(NEW) - 'withdrawn_at' IS DISTINCT FROM to_jsonb(OLD) - 'withdrawn_at' THEN
        RAISE EXCEPTION 'vouch % stands as it was signed, and ends once', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_vouch_stays BEFORE UPDATE ON members_vouch
    FOR EACH ROW EXECUTE FUNCTION members_vouch_stays();
CREATE TRIGGER members_memberkey_not_taken_out BEFORE DELETE OR TRUNCATE ON members_memberkey
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER members_vouch_not_taken_out BEFORE DELETE OR TRUNCATE ON members_vouch
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER members_vouch_not_taken_out ON members_vouch;
DROP TRIGGER members_memberkey_not_taken_out ON members_memberkey;
DROP TRIGGER members_vouch_stays ON members_vouch;
DROP FUNCTION members_vouch_stays();
DROP TRIGGER members_memberkey_stays ON members_memberkey;
DROP FUNCTION members_key_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0003_lifecycle"), ("ledger", "0002_rules")]
    operations = [
        migrations.CreateModel(
            name="MemberKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_key",
                    models.CharField(help_text="32 bytes, hex", max_length=64, unique=True),
                ),
                (
                    "keyid",
                    models.CharField(help_text="as in the signatures of envelopes", max_length=40),
                ),
                ("registered_at", models.DateTimeField()),
                ("proof", models.BinaryField()),
                ("salt", models.BinaryField()),
                (
                    "revoked_at",
                    models.DateTimeField(help_text="valid before this moment only", null=True),
                ),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rotated", "replaced by a new one"),
                            ("retired", "no longer used"),
                            ("lost", "lost"),
                            ("exposed", "somebody else may have it"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="what was said with the end", max_length=300
                    ),
                ),
                ("end_document", models.BinaryField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="members.member",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "succeeds",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successor",
                        to="members.memberkey",
                    ),
                ),
            ],
            options={
                "ordering": ["-registered_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Vouch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("said_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("envelope", models.BinaryField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouches",
                        to="members.memberkey",
                    ),
                ),
                (
                    "vouched",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouches_received",
                        to="members.member",
                    ),
                ),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouches_given",
                        to="members.member",
                    ),
                ),
                (
                    "voucher_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.memberkey",
                    ),
                ),
            ],
            options={
                "ordering": ["-said_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("done", "carried out"),
                            ("refused", "refused"),
                            ("withdrawn", "taken back"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.CharField(blank=True, help_text="why it was refused", max_length=500),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_requests",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "ordering": ["asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("member",),
                        name="members_erasurerequest_one_waiting",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done")),
                        fields=("member",),
                        name="members_erasurerequest_done_once",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="memberkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("member",),
                name="members_memberkey_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="memberkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end", ""), ("end_document", None), ("revoked_at", None)),
                    models.Q(
                        ("end_document__isnull", False),
                        ("revoked_at__gte", models.F("registered_at")),
                        models.Q(("end", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="members_memberkey_ends_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="vouch",
            index=models.Index(
                fields=["vouched", "withdrawn_at"], name="members_vou_vouched_c9c85a_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="vouch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("voucher", "key"),
                name="members_vouch_one_for_each_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="vouch",
            constraint=models.CheckConstraint(
                condition=models.Q(("voucher", models.F("vouched")), _negated=True),
                name="members_vouch_for_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="vouch",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("said_at"))),
                name="members_vouch_expires_later",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
