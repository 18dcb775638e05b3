"""Addresses of the register."""

from django.urls import include, path

from members import stewards, views

app_name = "members"
urlpatterns = [
    path("", include("members.identity.urls")),
    path("join/", views.apply, name="apply"),
    path("join/consent/", views.consent, name="consent"),
    path("bylaws/", views.read_bylaws, name="bylaws"),
    path("stewardship/applications/", stewards.applications, name="applications"),
    path("stewardship/applications/<int:member_id>/admit/", stewards.admit, name="admit"),
    path("stewardship/applications/<int:member_id>/refuse/", stewards.refuse, name="refuse"),
    path("stewardship/register/", stewards.register, name="register"),
]
