"""The bylaws as documents, and who accepted which of them when."""

from django.db import models

from members.models.register import Member, User


class BylawsVersion(models.Model):
    """One row is the bylaws as they are in force from a day on; the text never changes.

    `sha256` is over the UTF-8 text, so that a copy in somebody's drawer can be compared.
    """

    version = models.CharField(max_length=20, unique=True)
    text = models.TextField(help_text="one paragraph a line")
    sha256 = models.CharField(max_length=64)
    valid_from = models.DateField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=120, help_text="founding, proposal:12, …")

    class Meta:
        ordering = ("valid_from", "pk")

    def __str__(self) -> str:
        return self.version


class BylawsConsent(models.Model):
    """One row is a member's consent to one version of the bylaws, given once."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="consents")
    bylaws = models.ForeignKey(BylawsVersion, on_delete=models.PROTECT, related_name="consents")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "bylaws"], name="members_consent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.bylaws}"
