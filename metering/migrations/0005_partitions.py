"""Readings by month, payloads that may expire."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models.deletion import PROTECT

from metering.fields import WholeNumberField
from metering.migrations._readings import COPIED, EXPIRY, HEADS, PARTITION, REPLACED


def without_index(to: str, **options: object) -> models.ForeignKey:
    """A reference that no index of its own is worth: others begin with its column."""
    return models.ForeignKey(
        db_index=False, on_delete=PROTECT, related_name="readings", to=to, **options
    )


class Migration(migrations.Migration):
    """Rebuilds one table; every row is kept."""

    dependencies: ClassVar = [("metering", "0004_vouchers")]
    operations: ClassVar = [
        migrations.AlterField(
            "dispute",
            "reading",
            models.ForeignKey(
                db_constraint=False,
                help_text="the one that is doubted; none: the whole day",
                null=True,
                on_delete=PROTECT,
                related_name="disputes",
                to="metering.reading",
            ),
        ),
        migrations.AddField(
            "meter", "head_incarnation", models.CharField(blank=True, default="", max_length=64)
        ),
        migrations.AddField(
            "meter", "head_value", WholeNumberField(decimal_places=0, max_digits=20, null=True)
        ),
        migrations.AddField("meter", "head_ends_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "envelope",
            "expired_at",
            models.DateTimeField(help_text="when its payload was emptied", null=True),
        ),
        migrations.AddField(
            "envelope",
            "payload_size",
            models.PositiveIntegerField(help_text="bytes, once it is emptied", null=True),
        ),
        migrations.AddField(
            "envelope",
            "payload_digest",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="SHA-256 of the payload, once it is emptied",
                max_length=64,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(PARTITION),
                migrations.RunSQL(COPIED),
                migrations.RunSQL(REPLACED),
                migrations.RunSQL(HEADS),
                migrations.RunSQL(EXPIRY),
            ],
            state_operations=[
                migrations.AddField(
                    "reading",
                    "received_at",
                    models.DateTimeField(default=None),
                    preserve_default=False,
                ),
                migrations.AlterField("reading", "envelope", without_index("metering.envelope")),
                migrations.AlterField("reading", "meter", without_index("metering.meter")),
                migrations.AlterField(
                    "reading",
                    "assignment",
                    without_index("metering.meterassignment", null=True),
                ),
                migrations.AlterField(
                    "reading", "period", without_index("tokens.period", null=True)
                ),
                migrations.RemoveIndex("reading", "metering_re_assignm_4bd115_idx"),
                migrations.AddIndex(
                    "reading",
                    models.Index(
                        fields=["assignment", "period", "raw_before", "quantity"],
                        name="metering_reading_total",
                    ),
                ),
                migrations.RemoveConstraint("reading", "metering_reading_once_each"),
                migrations.AddConstraint(
                    "reading",
                    models.UniqueConstraint(
                        fields=["envelope", "position", "received_at"],
                        name="metering_reading_once_each",
                    ),
                ),
            ],
        ),
    ]
