"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig


class CoopConfig(AppConfig):
    """Names the app and its key type."""

    name = "coop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make our Celery application the one that every shared task uses."""
        import_module("coop.celery")
