"""The app's registration with Django."""

from django.apps import AppConfig


class TitlesConfig(AppConfig):
    """Names the app and its key type."""

    name = "titles"
    default_auto_field = "django.db.models.BigAutoField"
