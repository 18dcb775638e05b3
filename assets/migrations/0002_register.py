"""The register of physical assets: states, moves, custody, upkeep, files."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE assets_asset SET code = 'A-' || lpad(id::text, 5, '0'),
    ended_on = CASE state WHEN 'retired' THEN greatest(current_date, in_service) END;
UPDATE assets_capacitychange SET asset_id = substr(source, 7)::bigint
WHERE source ~ '^asset:[0-9]+$'
    AND EXISTS (SELECT 1 FROM assets_asset a WHERE a.id = substr(source, 7)::bigint);
INSERT INTO assets_assetevent (asset_id, from_state, to_state, "on", reason, recorded_at)
SELECT id, '', 'in_service', in_service, '', now() FROM assets_asset ORDER BY id;
INSERT INTO assets_assetevent (asset_id, from_state, to_state, "on", reason, recorded_at)
SELECT id, 'in_service', 'retired', ended_on, '', now() FROM assets_asset
WHERE state = 'retired' ORDER BY id;
INSERT INTO assets_assetmove (asset_id, "on", place, location, reason, recorded_at)
SELECT id, in_service, place, '', '', now() FROM assets_asset WHERE place <> '' ORDER BY id;
"""
"""What stood in the register before: in service since its day, at its place."""

RULES = """
CREATE FUNCTION assets_check_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last assets_assetevent;
BEGIN
    SELECT * INTO last FROM assets_assetevent
    WHERE asset_id = NEW.asset_id ORDER BY id DESC LIMIT 1;
    IF coalesce(last.to_state, '') <> NEW.from_state OR NEW."on" < last."on"
        OR (NEW.from_state, NEW.to_state) NOT IN (
            ('', 'ordered'), ('', 'in_service'),
            ('ordered', 'in_service'), ('ordered', 'retired'), ('ordered', 'lost'),
            ('in_service', 'faulty'), ('faulty', 'in_service'),
            ('in_service', 'retired'), ('in_service', 'sold'), ('in_service', 'lost'),
            ('faulty', 'retired'), ('faulty', 'sold'), ('faulty', 'lost'))
    THEN
        RAISE EXCEPTION 'an asset cannot go from % to % on %',
            NEW.from_state, NEW.to_state, NEW."on"
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assets_assetevent_allowed_step';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assets_assetevent_allowed_step BEFORE INSERT ON assets_assetevent
    FOR EACH ROW EXECUTE FUNCTION assets_check_step();
CREATE TRIGGER assets_assetevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_assetevent FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER assets_assetmove_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON assets_assetmove FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER assets_assetcustody_not_removed BEFORE DELETE OR TRUNCATE
    ON assets_assetcustody FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION assets_check_custody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.asset_id, NEW.member_id, NEW.offered_at) IS DISTINCT FROM
            (OLD.asset_id, OLD.member_id, OLD.offered_at)
        OR OLD.answered_at IS NOT NULL
            AND (NEW.answered_at, NEW.since) IS DISTINCT FROM (OLD.answered_at, OLD.since)
        OR OLD.ended_at IS NOT NULL
            AND (NEW.ended_at, NEW.until) IS DISTINCT FROM (OLD.ended_at, OLD.until)
    THEN
        RAISE EXCEPTION 'who kept an asset is not rewritten'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assets_assetcustody_stands BEFORE UPDATE ON assets_assetcustody
    FOR EACH ROW EXECUTE FUNCTION assets_check_custody();
CREATE TRIGGER assets_upkeepentry_not_removed BEFORE DELETE OR TRUNCATE
    ON assets_upkeepentry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION assets_check_upkeep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'who' IS DISTINCT FROM to_jsonb(OLD) - 'who' THEN
        RAISE EXCEPTION 'an entry of upkeep is corrected by a new one'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assets_upkeepentry_stands BEFORE UPDATE ON assets_upkeepentry
    FOR EACH ROW EXECUTE FUNCTION assets_check_upkeep();
"""
"""Which steps an asset may take, and that its history is not rewritten (decision 0017)."""

NO_RULES = """
DROP TRIGGER assets_upkeepentry_stands ON assets_upkeepentry;
DROP FUNCTION assets_check_upkeep;
DROP TRIGGER assets_upkeepentry_not_removed ON assets_upkeepentry;
DROP TRIGGER assets_assetcustody_stands ON assets_assetcustody;
DROP FUNCTION assets_check_custody;
DROP TRIGGER assets_assetcustody_not_removed ON assets_assetcustody;
DROP TRIGGER assets_assetmove_append_only ON assets_assetmove;
DROP TRIGGER assets_assetevent_append_only ON assets_assetevent;
DROP TRIGGER assets_assetevent_allowed_step ON assets_assetevent;
DROP FUNCTION assets_check_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assets", "0001_initial"),
        ("ledger", "0002_rules"),
        ("members", "0002_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AssetCustody",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("offered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("answered_at", models.DateTimeField(null=True)),
                ("since", models.DateField(help_text="from when on; accepted then", null=True)),
                ("until", models.DateField(help_text="exclusive", null=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="when the end was recorded", null=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AssetEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_state", models.CharField(blank=True, max_length=12)),
                (
                    "to_state",
                    models.CharField(
                        choices=[
                            ("ordered", "ordered"),
                            ("in_service", "in service"),
                            ("faulty", "faulty"),
                            ("retired", "retired"),
                            ("sold", "sold"),
                            ("lost", "lost"),
                        ],
                        max_length=12,
                    ),
                ),
                ("on", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("key", models.CharField(blank=True, max_length=80, null=True, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="AssetFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("photo", "photo"), ("document", "document"), ("bill", "bill")],
                        max_length=12,
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120)),
                ("content_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                ("width", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("height", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "sha256",
                    models.CharField(help_text="of the content as served, hex", max_length=64),
                ),
                (
                    "source_sha256",
                    models.CharField(help_text="of the bytes that were sent, hex", max_length=64),
                ),
                ("content", models.BinaryField()),
                (
                    "thumbnail",
                    models.BinaryField(default=bytes, help_text="a small JPEG of a picture"),
                ),
                ("public", models.BooleanField(default=False)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="AssetMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                (
                    "place",
                    models.CharField(
                        blank=True, help_text="coarse; shown in public", max_length=120
                    ),
                ),
                (
                    "location",
                    models.CharField(blank=True, help_text="exact; for stewards", max_length=200),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="UpkeepEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("what", models.CharField(max_length=300)),
                ("who", models.CharField(blank=True, max_length=120)),
                ("cost", models.BigIntegerField(default=0, help_text="cents")),
                (
                    "bill",
                    models.CharField(blank=True, help_text="number or reference", max_length=120),
                ),
                ("minutes", models.PositiveIntegerField(default=0, help_text="of labour")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("key", models.CharField(blank=True, max_length=80, null=True, unique=True)),
            ],
        ),
        migrations.AddField(
            model_name="asset",
            name="bill",
            field=models.CharField(blank=True, help_text="number or reference", max_length=120),
        ),
        migrations.AddField(
            model_name="asset",
            name="code",
            field=models.CharField(
                null=True,
                help_text="inventory",
                max_length=40,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Za-z0-9][A-Za-z0-9._-]*\\Z",
                        "Letters, digits, point, dash and underscore, beginning with a letter or digit.",
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="ended_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="asset",
            name="location",
            field=models.CharField(blank=True, help_text="exact; for stewards", max_length=200),
        ),
        migrations.AddField(
            model_name="asset",
            name="manufacturer",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="asset",
            name="model_name",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="asset",
            name="purchased_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="asset",
            name="registered_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="asset",
            name="salvage",
            field=models.BigIntegerField(
                default=0, help_text="cents expected at the end of its life"
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="supplier",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="asset",
            name="warranty_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="capacitychange",
            name="asset",
            field=models.ForeignKey(
                blank=True,
                help_text="the thing that brings or loses it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="capacity_changes",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="capacitychange",
            name="recorded_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name="asset",
            name="in_service",
            field=models.DateField(blank=True, help_text="its first day of service", null=True),
        ),
        migrations.AlterField(
            model_name="asset",
            name="paid_from",
            field=models.CharField(
                blank=True, help_text="grant, loan, reserve, growth", max_length=20
            ),
        ),
        migrations.AlterField(
            model_name="asset",
            name="state",
            field=models.CharField(
                choices=[
                    ("ordered", "ordered"),
                    ("in_service", "in service"),
                    ("faulty", "faulty"),
                    ("retired", "retired"),
                    ("sold", "sold"),
                    ("lost", "lost"),
                ],
                default="ordered",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="asset",
            name="txn_id",
            field=models.BigIntegerField(
                blank=True,
                help_text="the transaction that placed it in its pool",
                null=True,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="asset",
            name="units_created",
            field=models.BigIntegerField(
                default=0, help_text="units that this asset brought into being"
            ),
        ),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(fields=["pool", "state"], name="assets_asse_pool_id_80cb51_idx"),
        ),
        migrations.AddField(
            model_name="assetcustody",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="custodies",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="assetcustody",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="custodies",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="assetcustody",
            name="offered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="assetevent",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="assetevent",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="assetfile",
            name="added_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="assetfile",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="assets.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetmove",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="assetmove",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="assets.asset"
            ),
        ),
        migrations.AddField(
            model_name="upkeepentry",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="upkeepentry",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="upkeep",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="upkeepentry",
            name="corrects",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="assets.upkeepentry",
            ),
        ),
        migrations.AddField(
            model_name="upkeepentry",
            name="member",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetcustody",
            constraint=models.UniqueConstraint(
                condition=models.Q(("since__isnull", False), ("until", None)),
                fields=("asset",),
                name="assets_assetcustody_one_custodian",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetcustody",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at", None)),
                fields=("asset",),
                name="assets_assetcustody_one_offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetcustody",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("since", None), ("answered_at__isnull", False), _connector="OR"
                ),
                name="assets_assetcustody_accepted_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetcustody",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("until", None)),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("since__isnull", False),
                        ("until__gte", models.F("since")),
                    ),
                    _connector="OR",
                ),
                name="assets_assetcustody_ends_after_it_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="assetevent",
            index=models.Index(fields=["asset", "on"], name="assets_asse_asset_i_213cb1_idx"),
        ),
        migrations.AddConstraint(
            model_name="assetfile",
            constraint=models.UniqueConstraint(
                fields=("asset", "source_sha256"), name="assets_assetfile_once_per_asset"
            ),
        ),
        migrations.AddIndex(
            model_name="assetmove",
            index=models.Index(fields=["asset", "on"], name="assets_asse_asset_i_58fc95_idx"),
        ),
        migrations.AddIndex(
            model_name="upkeepentry",
            index=models.Index(fields=["asset", "on"], name="assets_upke_asset_i_7402b1_idx"),
        ),
        migrations.AddConstraint(
            model_name="upkeepentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost__gte", 0)), name="assets_upkeepentry_cost_not_negative"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="asset",
            name="code",
            field=models.CharField(
                help_text="inventory",
                max_length=40,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Za-z0-9][A-Za-z0-9._-]*\\Z",
                        "Letters, digits, point, dash and underscore, beginning with a letter or digit.",
                    )
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(("salvage__gte", 0), ("salvage__lte", models.F("cost"))),
                name="assets_asset_salvage_within_cost",
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("txn_id__isnull", False), ("units_created", 0), _connector="OR"
                ),
                name="assets_asset_units_from_its_pool_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["ordered", "retired", "sold", "lost"]),
                    models.Q(("in_service__isnull", False), ("txn_id__isnull", False)),
                    models.Q(("cost", 0), ("in_service__isnull", False)),
                    _connector="OR",
                ),
                name="assets_asset_serves_in_its_pool",
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_on__isnull", False), ("state__in", ["retired", "sold", "lost"])
                    ),
                    models.Q(
                        ("ended_on", None), ("state__in", ["ordered", "in_service", "faulty"])
                    ),
                    _connector="OR",
                ),
                name="assets_asset_ended_with_a_day",
            ),
        ),
        migrations.RunSQL(RULES, NO_RULES),
    ]
