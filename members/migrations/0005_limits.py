"""Limits, which end by themselves: rows are added, and lifted once."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

RULES = """
CREATE FUNCTION members_limit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
       OR to_jsonb(NEW) - 'ended_at' IS DISTINCT FROM to_jsonb(OLD) - 'ended_at' THEN
        RAISE EXCEPTION 'limit % stands as it was decided, and is lifted once', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_memberlimit_stays BEFORE UPDATE ON members_memberlimit
    FOR EACH ROW EXECUTE FUNCTION members_limit_stays();
CREATE TRIGGER members_memberlimit_not_taken_out BEFORE DELETE OR TRUNCATE ON members_memberlimit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER members_memberlimit_not_taken_out ON members_memberlimit;
DROP TRIGGER members_memberlimit_stays ON members_memberlimit;
DROP FUNCTION members_limit_stays();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0004_identity")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="MemberLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.CharField(help_text="what decided it", max_length=80, unique=True),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="limits",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(until__gt=F("since")),
                        name="members_memberlimit_ends_by_itself",
                    )
                ],
            },
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
