"""Tables of an asset's upkeep and of the papers and pictures that belong to it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models.things import Asset


class UpkeepEntry(models.Model):
    """One row is work done on an asset: when, what, by whom, for how much; kept for ever.

    A wrong entry stands and is replaced by one that `corrects` it.
    """

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="upkeep")
    on = models.DateField()
    what = models.CharField(max_length=300)
    who = models.CharField(max_length=120, blank=True)
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cost = models.BigIntegerField(default=0, help_text="cents")
    bill = models.CharField(max_length=120, blank=True, help_text="number or reference")
    minutes = models.PositiveIntegerField(default=0, help_text="of labour")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, null=True, blank=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["asset", "on"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__gte=0), name="assets_upkeepentry_cost_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.what


class AssetFile(models.Model):
    """One row is a photo, a document or a bill of an asset, private unless made public.

    `content` is what is served: pictures are drawn anew, so nothing of where and with what they
    were taken is left. The same content is kept once per asset.
    """

    class Kind(models.TextChoices):
        """What a file is."""

        PHOTO = "photo", _("photo")
        DOCUMENT = "document", _("document")
        BILL = "bill", _("bill")

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="bytes")
    width = models.PositiveSmallIntegerField(null=True, blank=True)
    height = models.PositiveSmallIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, help_text="of the content as served, hex")
    source_sha256 = models.CharField(max_length=64, help_text="of the bytes that were sent, hex")
    content = models.BinaryField()
    thumbnail = models.BinaryField(default=bytes, help_text="a small JPEG of a picture")
    public = models.BooleanField(default=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "source_sha256"], name="assets_assetfile_once_per_asset"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.kind
