"""Addresses of the books."""

from django.urls import include, path

from ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.books, name="books"),
    path("commodities/<int:commodity>/", views.commodity, name="commodity"),
    path("accounts/<int:account>/", views.account, name="account"),
    path("transactions/", views.transactions, name="transactions"),
    path("transactions/<int:txn>/", views.transaction, name="transaction"),
    path("reports/", include("ledger.report_urls")),
]
