"""The app's registration with Django."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Names the app and its key type."""

    name = "members"
    default_auto_field = "django.db.models.BigAutoField"
