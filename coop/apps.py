"""The app's registration with Django."""

from django.apps import AppConfig


class CoopConfig(AppConfig):
    """Names the app and its key type."""

    name = "coop"
    default_auto_field = "django.db.models.BigAutoField"
