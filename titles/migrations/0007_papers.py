"""Papers, import and export of the register: what was moved in, and how it passes the cap."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A register of old stands as it was: no cap of today refuses what somebody has held for years.
MOVING_IN = """
CREATE OR REPLACE FUNCTION titles_count_titles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moves_in boolean := coalesce(current_setting('titles.moving_in', true), '') = 'on';
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM titles_occupy(array_agg(m), array_agg(p), array_agg(h), array_agg(0::bigint),
                              array_agg(x))
        FROM (SELECT member_id AS m, pool_id AS p, sum(units)::bigint AS h,
                     coalesce(sum(units) FILTER (WHERE moves_in OR origin IN ('founding', 'import')),
                              0)::bigint AS x
              FROM new_rows WHERE state = 'live' GROUP BY 1, 2) AS c;
    ELSE
        PERFORM titles_occupy(array_agg(m), array_agg(p), array_agg(h), array_agg(0::bigint),
                              array_agg(0::bigint))
        FROM (SELECT o.member_id AS m, o.pool_id AS p, -sum(o.units)::bigint AS h
              FROM old_rows o JOIN new_rows n ON n.id = o.id
              WHERE o.state = 'live' AND n.state <> 'live' GROUP BY 1, 2) AS c;
    END IF;
    RETURN NULL;
END $$;
"""
RULES = """
CREATE TRIGGER titles_registerimport_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_registerimport FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_importedfile_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_importedfile FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER titles_earlierredemption_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON titles_earlierredemption FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER titles_earlierredemption_append_only ON titles_earlierredemption;
DROP TRIGGER titles_importedfile_append_only ON titles_importedfile;
DROP TRIGGER titles_registerimport_append_only ON titles_registerimport;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("titles", "0006_exit"),
        ("members", "0003_lifecycle"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField()),
                ("counts", models.JSONField(help_text="rows by file")),
                ("salt", models.BinaryField()),
                ("imported_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="titles_registerimport_only_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("lines", models.BinaryField()),
                (
                    "register",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="titles.registerimport",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("register", "name"), name="titles_importedfile_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EarlierRedemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.BigIntegerField()),
                ("paid", models.BigIntegerField(help_text="cents")),
                (
                    "title",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earlier_redemption",
                        to="titles.title",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("paid__gte", 0), ("units__gt", 0)),
                        name="titles_earlierredemption_positive",
                    )
                ],
            },
        ),
        migrations.RunSQL(RULES, UNDO),
        migrations.RunSQL(MOVING_IN, migrations.RunSQL.noop),
    ]
