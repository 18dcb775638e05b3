"""Addresses of the books."""

from django.urls import include, path

from ledger import correction_views, export_views, views

app_name = "ledger"
urlpatterns = [
    path("", views.books, name="books"),
    path("commodities/<int:commodity>/", views.commodity, name="commodity"),
    path("accounts/<int:account>/", views.account, name="account"),
    path("transactions/", views.transactions, name="transactions"),
    path("transactions/<int:txn>/", views.transaction, name="transaction"),
    path("transactions/<int:txn>/correct/", correction_views.correct, name="correct"),
    path("reports/", include("ledger.report_urls")),
    path("exports/", export_views.exports, name="exports"),
    path("exports/download", export_views.download, name="export_download"),
]
