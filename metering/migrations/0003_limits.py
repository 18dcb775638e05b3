"""Late readings are found by their time; members dispute what was metered."""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT

RULES = """
CREATE FUNCTION metering_dispute_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept metering_dispute := NEW;
BEGIN
    kept.answer := OLD.answer;
    kept.answered_at := OLD.answered_at;
    kept.answered_by_id := OLD.answered_by_id;
    kept.correction_id := OLD.correction_id;
    IF OLD.answered_at IS NULL AND kept IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a dispute is answered once and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER metering_dispute_change BEFORE UPDATE ON metering_dispute
    FOR EACH ROW EXECUTE FUNCTION metering_dispute_change();
CREATE TRIGGER metering_dispute_keep BEFORE DELETE ON metering_dispute
    FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_dispute_whole BEFORE TRUNCATE ON metering_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
"""
UNDO = "DROP FUNCTION metering_dispute_change CASCADE;"
STATES = [
    ("measured", "measured, assigned to nobody"),
    ("waiting", "waits for its period"),
    ("rated", "booked"),
    ("late", "late, not charged"),
    ("held", "held: more than the meter can count"),
]


class Migration(migrations.Migration):
    """Adds one table and one index."""

    dependencies: ClassVar = [
        ("metering", "0002_rules"),
        ("tokens", "0005_rating"),
        ("assets", "0001_initial"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AlterField("reading", "state", models.CharField(max_length=8, choices=STATES)),
        migrations.AddIndex(
            "reading",
            models.Index(
                fields=["meter", "ends_at"],
                condition=Q(state="late"),
                name="metering_reading_late",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(help_text="in the cooperative's time zone")),
                ("reason", models.CharField(max_length=400)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("raised_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="disputes", to="members.member"
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="assets.pool"),
                ),
                (
                    "resource",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="assets.resource"),
                ),
                (
                    "reading",
                    models.ForeignKey(
                        help_text="the one that is doubted; none: the whole day",
                        null=True,
                        on_delete=PROTECT,
                        related_name="disputes",
                        to="metering.reading",
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to="tokens.usage"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["id"],
                        condition=Q(answered_at=None),
                        name="metering_dispute_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(reason=""), name="metering_dispute_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=Q(answer="", answered_at=None, correction=None)
                        | ~Q(answer="") & Q(answered_at__isnull=False),
                        name="metering_dispute_answer_has_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
