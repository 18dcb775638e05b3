"""The addresses of backing."""

from django.urls import path

from governance.backing import api, views

HERE = "decisions/<int:proposal_id>/backing/"
urlpatterns = [
    path(HERE, views.back, name="back"),
    path(f"{HERE}withdraw/", views.take_back, name="take_backing_back"),
    path(f"api/v1/{HERE}", api.Backings.as_view(), name="api_backing"),
]
