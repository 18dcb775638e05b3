"""The table of the site's part of a lot."""

from django.db import models

from governance.models.proposal import Proposal


class Lot(models.Model):
    """One row is the site's nonce for ties in one vote (R6); append-only.

    `commitment` is its SHA-256, public from the opening on; `nonce` is told after the close.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="lot")
    commitment = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)
