"""Addresses of the simulations, below /stewardship/simulation/."""

from django.urls import path, re_path

from coop.simulations import views

app_name = "simulation"
urlpatterns = [
    path("", views.index, name="index"),
    path("begin/", views.begin, name="begin"),
    path("new/", views.new, name="new"),
    path("compare/", views.compare, name="compare"),
    path("<int:run_id>/", views.run, name="run"),
    re_path(r"^(?P<run_id>\d{1,15})/(?P<verb>stop|again|vary)/$", views.act, name="act"),
    path("<int:run_id>/delete/", views.delete, name="delete"),
    path("<int:run_id>/result.json", views.result, name="result"),
    path("<int:run_id>/scenario.toml", views.text, name="text"),
]
