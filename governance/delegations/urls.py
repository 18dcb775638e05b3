"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
