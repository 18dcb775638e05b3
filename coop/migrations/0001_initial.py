"""What stewards have simulated."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SimulationRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "source",
                    models.CharField(
                        help_text="today, text, run:7 or library:a-name", max_length=60
                    ),
                ),
                ("text", models.TextField()),
                (
                    "left_out",
                    models.JSONField(default=list, help_text="codes of what the text leaves out"),
                ),
                ("changes", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "being prepared"),
                            ("queued", "waiting for its turn"),
                            ("running", "running"),
                            ("done", "finished"),
                            ("failed", "could not be played"),
                            ("lost", "broken off"),
                            ("stopped", "stopped"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("months", models.PositiveIntegerField(default=0)),
                ("months_done", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("key", models.CharField(max_length=80, null=True, unique=True)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("queued_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="variations",
                        to="coop.simulationrun",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["queued_at"],
                        name="coop_simulationrun_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("months_done__lte", models.F("months"))),
                        name="coop_simulationrun_within_months",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), ("result__isnull", False)),
                            models.Q(
                                models.Q(("state", "done"), _negated=True), ("result__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="coop_simulationrun_done_has_result",
                    ),
                ],
            },
        ),
    ]
