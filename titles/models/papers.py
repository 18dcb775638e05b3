"""Tables of a register that was moved in: what came, line by line, and its redemptions."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from titles.models.ownership import Title


class RegisterImport(models.Model):
    """The one row is the register of old that was moved into this site; append-only.

    `digest` is SHA-256 over all its files, so that the same set is known again.
    """

    digest = models.BinaryField()
    counts = models.JSONField(help_text="rows by file")
    salt = models.BinaryField()
    imported_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="titles_registerimport_only_one"),
        ]

    @property
    def titles(self) -> int:
        """How many titles came with it."""
        count: int = self.counts["titles.csv"]
        return count


class ImportedFile(models.Model):
    """One row is one file of it: eight bytes of a salted hash of each line, to name a change."""

    register = models.ForeignKey(RegisterImport, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=40)
    lines = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register", "name"], name="titles_importedfile_once"),
        ]


class EarlierRedemption(models.Model):
    """One row is a redemption in the register of old: units that went back, and cents paid."""

    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="earlier_redemption")
    units = models.BigIntegerField()
    paid = models.BigIntegerField(help_text="cents")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0, paid__gte=0), name="titles_earlierredemption_positive"
            ),
        ]
