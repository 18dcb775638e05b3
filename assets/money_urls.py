"""Addresses of costs and book values."""

from django.urls import path

from assets import money_views as views

app_name = "costs"
urlpatterns = [
    path("stewardship/values/", views.values, name="values"),
    path("stewardship/costs/<slug:code>/", views.costs, name="pool"),
    path("stewardship/costs/<slug:code>/add/", views.add_line, name="add_line"),
    path("stewardship/costs/<slug:code>/bill/", views.add_bill, name="add_bill"),
    path("stewardship/costs/lines/<int:line_id>/end/", views.end_line, name="end_line"),
    path("stewardship/costs/assets/<int:asset_id>/plan/", views.plan, name="plan"),
]
