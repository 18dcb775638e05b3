"""The app's registration with Django."""

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    """Names the app and its key type."""

    name = "assets"
    default_auto_field = "django.db.models.BigAutoField"
