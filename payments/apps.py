"""The app's registration with Django."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Names the app and its key type."""

    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"
