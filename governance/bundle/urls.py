"""The addresses of this room, in the namespace of governance."""

from django.urls import path

from governance.bundle import download

urlpatterns = [
    path("decisions/decisions.zip", download.everything, name="bundle"),
    path("decisions/<int:proposal_id>/decision.zip", download.one, name="bundle_of"),
    path("api/v1/decisions/bundle/", download.DecisionsBundle.as_view(), name="api_bundle"),
    path(
        "api/v1/decisions/<int:proposal_id>/bundle/",
        download.DecisionBundle.as_view(),
        name="api_bundle_of",
    ),
]
