"""Tables of a close as a whole: who ordered it and how far it is; budgets that were approved."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from tokens.models.periods import Period


class CloseRun(models.Model):
    """One row orders the rest of a period's close, up to and with the step `until`.

    The steps themselves stand in CloseStep; this row only says what is to be done and what is
    done now, so that a lost message or a killed worker leaves it for whoever looks next.
    `moment` is the moment of closing, the same for every step however late it is done.
    """

    class State(models.TextChoices):
        """running → done, or stopped at an error until somebody carries it on."""

        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="close_runs")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    until = models.CharField(max_length=12, default="open", help_text="the last step to do")
    moment = models.DateTimeField()
    early = models.BooleanField(default=False)
    actual = models.JSONField(default=dict, help_text="cents by pool:resource, where told")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    step = models.CharField(max_length=12, blank=True, help_text="what was begun last")
    step_begun_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="in a row, in this step")
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=~Q(state="done"), name="tokens_closerun_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="stopped") | ~Q(error_code=""),
                name="tokens_closerun_stopped_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.state}"


class BudgetApproval(models.Model):
    """One row says that a vote approved so many cents per month for a pool's resource, from a day.

    A later day's row takes the earlier one's place; kept for ever.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="budget_approvals")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    since = models.DateField()
    amount = models.BigIntegerField(help_text="cents per month")
    source = models.CharField(max_length=120, help_text="what decided it, e.g. proposal:12")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="tokens_budgetapproval_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}:{self.resource_id} {self.amount} from {self.since}"
