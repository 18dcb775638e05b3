"""The app's registration with Django."""

from django.apps import AppConfig


class BankConfig(AppConfig):
    """Names the app and its key type."""

    name = "bank"
    default_auto_field = "django.db.models.BigAutoField"
