"""The app's registration with Django."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Names the app and its key type."""

    name = "tokens"
    default_auto_field = "django.db.models.BigAutoField"
