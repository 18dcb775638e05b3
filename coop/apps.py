"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig


class CoopConfig(AppConfig):
    """Names the app and its key type."""

    name = "coop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take our Celery application for shared tasks; tell the books who may read names."""
        import_module("coop.celery")
        books = import_module("coop.books")
        import_module("ledger.access").name_owners_with(books.reader)
        import_module("ledger.letterhead").head_with(books.letterhead)
