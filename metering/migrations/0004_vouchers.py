"""What nodes gave for vouchers, kept as the evidence has it, and what stewards said about it."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import metering.fields

RULES = """
CREATE FUNCTION metering_presentation_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_voucherpresentation := NEW;
BEGIN
    kept.state := OLD.state;
    kept.raw_before := OLD.raw_before;
    kept.amount := OLD.amount;
    kept.beyond := OLD.beyond;
    IF kept IS NOT DISTINCT FROM OLD
        AND (OLD.state, NEW.state) IN (('waiting', 'counted'), ('waiting', 'late'),
                                       ('late', 'counted'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a presentation is counted once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER metering_voucherpresentation_change BEFORE UPDATE ON metering_voucherpresentation
    FOR EACH ROW EXECUTE FUNCTION metering_presentation_change();
CREATE TRIGGER metering_voucherpresentation_keep BEFORE DELETE ON metering_voucherpresentation
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_voucherpresentation_whole BEFORE TRUNCATE ON metering_voucherpresentation
    FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_voucherreview_keep BEFORE UPDATE OR DELETE ON metering_voucherreview
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_voucherreview_whole BEFORE TRUNCATE ON metering_voucherreview
    FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
"""
UNDO = """
DROP TRIGGER metering_voucherreview_whole ON metering_voucherreview;
DROP TRIGGER metering_voucherreview_keep ON metering_voucherreview;
DROP TRIGGER metering_voucherpresentation_whole ON metering_voucherpresentation;
DROP TRIGGER metering_voucherpresentation_keep ON metering_voucherpresentation;
DROP FUNCTION metering_presentation_change CASCADE;
"""


class Migration(migrations.Migration):
    """Makes the tables and their rules."""

    dependencies: ClassVar = [
        ("metering", "0003_limits"),
        ("tokens", "0007_loans"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="VoucherReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("upto", models.BigIntegerField()),
                ("note", models.CharField(max_length=300)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="tokens.voucher",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="VoucherPresentation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(help_text="n of the record in its batch")),
                ("ticket", models.CharField(max_length=64)),
                ("quantity", metering.fields.WholeNumberField(decimal_places=0, max_digits=20)),
                ("unit", models.CharField(max_length=12)),
                (
                    "at",
                    models.DateTimeField(
                        help_text="when the node gave it, by its clock", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for its period"),
                            ("counted", "counted"),
                            ("late", "late, not charged yet"),
                            ("refused", "not charged"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unknown", "no voucher of ours has this ticket"),
                            ("wrong_node", "the voucher is bound to another node"),
                            ("outside", "outside of the voucher’s time"),
                            ("no_time", "the node did not know the time"),
                            ("wrong_unit", "counted in another unit"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "raw_before",
                    metering.fields.WholeNumberField(decimal_places=0, max_digits=40, null=True),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens", null=True)),
                (
                    "beyond",
                    models.BigIntegerField(
                        help_text="millitokens the voucher does not cover", null=True
                    ),
                ),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presentations",
                        to="metering.envelope",
                    ),
                ),
                (
                    "voucher",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presentations",
                        to="tokens.voucher",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["voucher", "id"], name="metering_vo_voucher_220e1b_idx"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["envelope"],
                        name="metering_presentation_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("beyond__gt", 0)),
                        fields=["voucher"],
                        name="metering_presentation_double",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("envelope", "position"), name="metering_presentation_once_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), models.Q(("why", ""), _negated=True)),
                            models.Q(
                                models.Q(("state", "refused"), _negated=True),
                                ("voucher__isnull", False),
                                ("why", ""),
                            ),
                            _connector="OR",
                        ),
                        name="metering_presentation_refused_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gte", 0),
                                ("beyond__gte", 0),
                                ("raw_before__isnull", False),
                                ("state", "counted"),
                            ),
                            models.Q(
                                models.Q(("state", "counted"), _negated=True),
                                ("amount", None),
                                ("beyond", None),
                                ("raw_before", None),
                            ),
                            _connector="OR",
                        ),
                        name="metering_presentation_counted_has_amount",
                    ),
                ],
            },
        ),
        migrations.RunSQL(RULES, reverse_sql=UNDO),
    ]
