"""The app's registration with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """Names the app and its key type."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have every `migrate` see that the months ahead have their partitions."""
        post_migrate.connect(keep_partitions_ahead, sender=self)


def keep_partitions_ahead(*, using: str, plan: Any = None, **_: Any) -> None:
    """What the daily task does, for a site that was just installed or brought up to date."""
    from ledger import partitions

    if partitions.stands():
        partitions.keep_ahead()
