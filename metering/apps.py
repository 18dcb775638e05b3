"""The app's registration with Django."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Names the app and its key type."""

    name = "metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A close waits for nodes."""
        from metering.grace import wait_for_nodes
        from tokens.waits import WAITS

        WAITS.append(wait_for_nodes)
