"""Addresses of the log: its files under /log/, its pages among the books."""

from django.urls import path, register_converter

from ledger.log import files, serving, views


class Digest:
    """A SHA-256 as an address has it."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(Digest, "digest")

app_name = "log"
urlpatterns = [
    path("books/log/", views.log, name="log"),
    path("books/log/checkpoints/<int:size>", views.checkpoint, name="old_checkpoint"),
    path("books/log/consistency/<int:old>", views.consistency, name="consistency"),
    path("books/log/transactions/<int:txn>/", views.transaction, name="transaction"),
    path(
        "books/log/transactions/<int:txn>/proof", views.transaction_proof, name="transaction_proof"
    ),
    path("books/log/transactions/<int:txn>/openings", views.openings, name="openings"),
    path("books/log/documents/<digest:digest>/", views.document, name="document"),
    path("books/log/documents/<digest:digest>/proof", views.document_proof, name="document_proof"),
    # Answered before the session is read, by the middleware; here so that they have names.
    path("log/checkpoint", serving.serve, {"path": files.CHECKPOINT}, name="checkpoint"),
    path("log/key", serving.serve, {"path": files.KEY}, name="key"),
]
