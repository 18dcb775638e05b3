"""States of nodes, quarantine, rotation, revocation."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

READING_CHANGE = """
CREATE OR REPLACE FUNCTION metering_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_reading := NEW;
BEGIN
    kept.state := OLD.state;
    kept.period_id := OLD.period_id;
    kept.raw_before := OLD.raw_before;
    kept.amount := OLD.amount;
    IF (OLD.state, NEW.state) IN (%s)
        AND kept IS NOT DISTINCT FROM OLD
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a reading is booked once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
BOOKED = "('waiting', 'rated'), ('waiting', 'late'), ('late', 'rated')"
SUSPENDED = (
    BOOKED + ", ('waiting', 'suspense'), ('suspense', 'suspense'), ('suspense', 'waiting'), "
    "('suspense', 'let_go')"
)
TOKEN_ACCOUNTS = """
CREATE OR REPLACE FUNCTION tokens_check_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT o.kind, o.floor, c.code INTO wrong
    FROM opened o JOIN ledger_commodity c ON c.id = o.commodity_id AND c.kind = 'token'
    WHERE NOT (o.kind IN (%s) AND o.floor IS NULL
               OR o.kind IN ('pool', 'own', 'received', 'vouchers', 'redeemed', 'overage',
                             'expired'%s) AND o.floor IS NOT DISTINCT FROM 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'tokens of %% cannot lie in an account of kind %% with floor %%',
            wrong.code, wrong.kind, wrong.floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tokens_accounts_of_known_kinds';
    END IF;
    RETURN NULL;
END $$;
"""
ORIGINS = "'issue', 'unbacked'"
RULES = """
CREATE FUNCTION metering_rotation_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_keyrotation := NEW;
BEGIN
    kept.state := OLD.state;
    kept.envelope := OLD.envelope;
    kept.reason := OLD.reason;
    kept.decided_at := OLD.decided_at;
    kept.decided_by_id := OLD.decided_by_id;
    IF OLD.state = 'pending' AND kept IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a rotation is decided once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER metering_keyrotation_change BEFORE UPDATE ON metering_keyrotation
    FOR EACH ROW EXECUTE FUNCTION metering_rotation_change();
CREATE TRIGGER metering_keyrotation_keep BEFORE DELETE ON metering_keyrotation
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_keyrotation_whole BEFORE TRUNCATE ON metering_keyrotation
    FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_keyrevocation_keep BEFORE UPDATE OR DELETE ON metering_keyrevocation
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_keyrevocation_whole BEFORE TRUNCATE ON metering_keyrevocation
    FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
"""
REVOKED_BEFORE = """
INSERT INTO metering_keyrevocation (node_id, epoch, keyid, last_seq, reason, at, source, actor_id)
SELECT k.node_id, k.epoch, k.keyid, k.head_seq, c.reason, c.at, '', c.actor_id
FROM metering_nodekey k JOIN metering_node n ON n.id = k.node_id AND n.state = 'revoked'
JOIN LATERAL (SELECT * FROM metering_nodestatechange c
              WHERE c.node_id = n.id AND c.state = 'revoked' ORDER BY c.id LIMIT 1) c ON true;
"""
"""Keys of nodes that were revoked while there was no list of revocations."""
UNDO = """
DROP TRIGGER metering_keyrevocation_whole ON metering_keyrevocation;
DROP TRIGGER metering_keyrevocation_keep ON metering_keyrevocation;
DROP TRIGGER metering_keyrotation_whole ON metering_keyrotation;
DROP TRIGGER metering_keyrotation_keep ON metering_keyrotation;
DROP FUNCTION metering_rotation_change CASCADE;
"""


class Migration(migrations.Migration):
    """Three tables, more states, and what the database itself refuses."""

    dependencies: ClassVar = [
        ("metering", "0005_partitions"),
        ("assets", "0001_initial"),
        ("tokens", "0004_closing"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="KeyRevocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("keyid", models.CharField(max_length=40, unique=True)),
                ("last_seq", models.BigIntegerField()),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("source", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="KeyRotation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.PositiveIntegerField(help_text="the one that ends")),
                ("last_seq", models.BigIntegerField()),
                ("last_chain", models.CharField(max_length=64)),
                ("public_key", models.BinaryField(max_length=32)),
                ("next_digest", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("envelope", models.BinaryField(help_text="as it was signed, JSON")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waits for a steward"),
                            ("accepted", "accepted"),
                            ("refused", "refused"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="NodeBoot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("boot", models.CharField(max_length=80)),
                ("first_seq", models.BigIntegerField()),
                ("last_seq", models.BigIntegerField()),
                ("offset", models.BigIntegerField(null=True)),
                ("jumps", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="enrolmentrequest",
            name="metering_enrolmentrequest_code_once",
        ),
        migrations.RemoveConstraint(
            model_name="reading",
            name="metering_reading_rated_has_amount",
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="asset",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="replaces",
            field=models.BooleanField(
                default=False, help_text="the asset’s live node is retired for this one"
            ),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="claimed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="claimed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="label",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="enrolmentrequest",
            name="pool",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="assets.pool",
            ),
        ),
        migrations.AddField(
            model_name="nodekey",
            name="last_seq",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="nodestatechange",
            name="facts",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="nodestatechange",
            name="source",
            field=models.CharField(blank=True, help_text="the decision behind it", max_length=80),
        ),
        migrations.AddField(
            model_name="nodestatechange",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("decided", "a steward’s decision"),
                    ("voted", "a vote"),
                    ("enrolled", "enrolment"),
                    ("conflict", "two batches with one number"),
                    ("fork", "a batch that does not follow on the one before it"),
                    ("cloned", "two machines with one key"),
                    ("clock", "a clock that jumps"),
                    ("capacity", "more than the meters can count"),
                    ("link", "the other end of a link says otherwise"),
                    ("challenge", "a storage challenge that failed"),
                    ("unrateable", "evidence that cannot be computed with"),
                    ("after_end", "a batch after the end of its key"),
                    ("silence", "nothing came for long"),
                    ("heard", "a batch came"),
                    ("lapsed", "the quarantine ended without a vote"),
                ],
                default="decided",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="nodestatechange",
            name="until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="enrolmentrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "waiting"),
                    ("claimed", "waits for a second person"),
                    ("approved", "approved"),
                    ("denied", "denied"),
                    ("replaced", "replaced by a newer one"),
                ],
                default="pending",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="envelope",
            name="status",
            field=models.CharField(
                choices=[
                    ("accepted", "accepted"),
                    ("held", "held"),
                    ("pending_gap", "waits for earlier ones"),
                    ("conflict", "in conflict"),
                ],
                default="pending_gap",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="node",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "active"),
                    ("silent", "silent"),
                    ("suspect", "suspect"),
                    ("quarantined", "quarantined"),
                    ("revoked", "revoked"),
                    ("retired", "retired"),
                ],
                default="active",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="nodestatechange",
            name="reason",
            field=models.CharField(max_length=400),
        ),
        migrations.AlterField(
            model_name="nodestatechange",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "active"),
                    ("silent", "silent"),
                    ("suspect", "suspect"),
                    ("quarantined", "quarantined"),
                    ("revoked", "revoked"),
                    ("retired", "retired"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="reading",
            name="state",
            field=models.CharField(
                choices=[
                    ("measured", "measured, assigned to nobody"),
                    ("waiting", "waits for its period"),
                    ("rated", "booked"),
                    ("late", "late, not charged"),
                    ("held", "held: more than the meter can count"),
                    ("suspense", "in suspense: the node is quarantined"),
                    ("let_go", "let go: the node was revoked"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(
                condition=models.Q(("state", "suspense")),
                fields=["meter", "id"],
                name="metering_reading_suspense",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolmentrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["pending", "claimed"])),
                fields=("user_code",),
                name="metering_enrolmentrequest_code_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__gte", 0),
                        ("period__isnull", False),
                        ("raw_before__isnull", False),
                        ("state", "rated"),
                    ),
                    models.Q(
                        ("amount__gte", 0),
                        ("period__isnull", False),
                        ("raw_before__isnull", False),
                        ("state__in", ["suspense", "let_go"]),
                    ),
                    models.Q(
                        models.Q(("state", "rated"), _negated=True),
                        ("amount", None),
                        ("raw_before", None),
                    ),
                    _connector="OR",
                ),
                name="metering_reading_rated_has_amount",
            ),
        ),
        migrations.AddField(
            model_name="keyrevocation",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="keyrevocation",
            name="node",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="revocations",
                to="metering.node",
            ),
        ),
        migrations.AddField(
            model_name="keyrotation",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="keyrotation",
            name="node",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rotations",
                to="metering.node",
            ),
        ),
        migrations.AddField(
            model_name="nodeboot",
            name="node",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="boots",
                to="metering.node",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrevocation",
            constraint=models.UniqueConstraint(
                fields=("node", "epoch"), name="metering_keyrevocation_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "accepted")),
                fields=("node", "epoch"),
                name="metering_keyrotation_one_per_epoch",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("state", "pending")),
                    models.Q(
                        models.Q(("state", "pending"), _negated=True), ("decided_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="metering_keyrotation_decided_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="nodeboot",
            constraint=models.UniqueConstraint(
                fields=("node", "epoch", "boot"), name="metering_nodeboot_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="nodeboot",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_seq__gte", models.F("first_seq"))),
                name="metering_nodeboot_in_order",
            ),
        ),
        migrations.RunSQL(READING_CHANGE % SUSPENDED, READING_CHANGE % BOOKED),
        migrations.RunSQL(
            TOKEN_ACCOUNTS % (ORIGINS + ", 'suspended'", ", 'suspense'"),
            TOKEN_ACCOUNTS % (ORIGINS, ""),
        ),
        migrations.RunSQL(REVOKED_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(RULES, UNDO),
    ]
