"""Addresses of statements and charges."""

from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("statement/", views.statement, name="statement"),
    path("statement/statement.csv", views.statement_csv, name="statement_csv"),
    path("statement/<int:charge_id>/", views.charge, name="charge"),
]
