"""Tables of the site itself: what stewards have simulated."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SimulationRun(models.Model):
    """One row is one play of a scenario: its text and changes, how far it is, what came of it.

    Nothing of it touches the books. `text` is a scenario file whose members are numbers;
    `changes` is what `coop.simulations.changes` reads; `result` is what `simulate --json` prints.
    """

    class State(models.TextChoices):
        """draft → queued → running → done, failed, lost or stopped; the last three can go again."""

        DRAFT = "draft", _("being prepared")
        QUEUED = "queued", _("waiting for its turn")
        RUNNING = "running", _("running")
        DONE = "done", _("finished")
        FAILED = "failed", _("could not be played")
        LOST = "lost", _("broken off")
        STOPPED = "stopped", _("stopped")

    name = models.CharField(max_length=80)
    source = models.CharField(max_length=60, help_text="today, text, run:7 or library:a-name")
    text = models.TextField()
    left_out = models.JSONField(default=list, help_text="codes of what the text leaves out")
    changes = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    months = models.PositiveIntegerField(default=0)
    months_done = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    base = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="variations"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    asked_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(months_done__lte=F("months")), name="coop_simulationrun_within_months"
            ),
            models.CheckConstraint(
                condition=(Q(state="done") & Q(result__isnull=False))
                | (~Q(state="done") & Q(result__isnull=True)),
                name="coop_simulationrun_done_has_result",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"],
                condition=Q(state__in=["queued", "running"]),
                name="coop_simulationrun_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.name
