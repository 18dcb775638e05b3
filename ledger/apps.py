"""The app's registration with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Names the app and its key type."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
