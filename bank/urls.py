"""Addresses of the bank desk."""

from django.urls import URLPattern

app_name = "bank"
urlpatterns: list[URLPattern] = []
