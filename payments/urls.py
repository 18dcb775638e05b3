"""Addresses of statements and charges."""

from django.urls import path

from payments import views
from payments.pages.urls import urlpatterns as of_pages

app_name = "payments"
urlpatterns = [
    path("statement/", views.statement, name="statement"),
    path("statement/statement.csv", views.statement_csv, name="statement_csv"),
    path("statement/statement.pdf", views.statement_pdf, name="statement_pdf"),
    path("statement/send/", views.send_statement, name="send_statement"),
    path("statement/<int:charge_id>/", views.charge, name="charge"),
    *of_pages,
]
