"""The app's registration with Django."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Names the app and its key type."""

    name = "metering"
    default_auto_field = "django.db.models.BigAutoField"
