"""Tables of dated policy."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class PolicyValue(models.Model):
    """One row is the value of one parameter, for one scope, from one moment on.

    `scope` is "" for the whole cooperative, a pool's code, or "<pool>:<resource>".
    Rows are never changed: a later value is a later row; what is in force at a moment is the
    row with the greatest (valid_from, id) not after it.
    """

    key = models.CharField(max_length=60)
    scope = models.CharField(max_length=120, blank=True, default="")
    value = models.JSONField()
    valid_from = models.DateTimeField()
    source = models.CharField(max_length=120, help_text="what decided it, e.g. proposal:12")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["key", "scope", "valid_from", "id"])]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="policies_policyvalue_key_named"),
        ]

    def __str__(self) -> str:
        return f"{self.key}[{self.scope}] from {self.valid_from:%Y-%m-%d}"
