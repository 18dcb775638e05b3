"""What the pages of the fleet need: refusals by node and reason, and answers to files."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two small tables; both are bounded."""

    dependencies = [
        ("metering", "0007_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID",
                )),
                ("code", models.CharField(
                    help_text="docs/metering-protocol.md, section 2", max_length=40,
                )),
                ("detail", models.CharField(
                    blank=True, help_text="of the last one", max_length=200,
                )),
                ("times", models.BigIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("node", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="refusals",
                    to="metering.node",
                )),
            ],
            options={"ordering": ["-last_at"]},
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                fields=["node", "code"], name="metering_refusal_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.CheckConstraint(
                condition=models.Q(("times__gt", 0), ("last_at__gte", models.F("first_at"))),
                name="metering_refusal_counts",
            ),
        ),
        migrations.CreateModel(
            name="FileDelivery",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID",
                )),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("envelopes", models.PositiveIntegerField()),
                ("answer", models.BinaryField()),
                ("user", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="file_deliveries",
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
            options={"ordering": ["-id"]},
        ),
    ]  # fmt: skip
