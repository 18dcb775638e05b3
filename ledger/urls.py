"""Addresses of the books."""

from django.urls import include, path

from ledger import views
from ledger.corrections import views as corrections
from ledger.exports import views as exports

app_name = "ledger"
urlpatterns = [
    path("", views.books, name="books"),
    path("commodities/<int:commodity>/", views.commodity, name="commodity"),
    path("accounts/<int:account>/", views.account, name="account"),
    path("transactions/", views.transactions, name="transactions"),
    path("transactions/<int:txn>/", views.transaction, name="transaction"),
    path("transactions/<int:txn>/correct/", corrections.correct, name="correct"),
    path("reports/", include("ledger.reports.urls")),
    path("exports/", exports.exports, name="exports"),
    path("exports/download", exports.download, name="export_download"),
]
