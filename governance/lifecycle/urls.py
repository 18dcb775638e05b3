"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.lifecycle import api, views

PAGE = "decisions/<int:proposal_id>/"
API = "api/v1/decisions/<int:proposal_id>/"
urlpatterns: list[URLPattern] = [
    path(f"{PAGE}versions/", views.versions, name="versions"),
    path(f"{PAGE}amend/", views.amend, name="amend"),
    path(f"{PAGE}joint-text/", views.joint_text, name="joint_text"),
    path(f"{PAGE}object/", views.object_page, name="object"),
    path(f"{PAGE}object/withdraw/", views.unobject, name="unobject"),
    path(f"{PAGE}halt/", views.halt, name="halt"),
    path(f"{PAGE}roll/correct/", views.correct, name="correct_roll"),
    path("api/v1/decisions/drafts/", api.Drafts.as_view(), name="api_drafts"),
    path(f"{API}steps/<slug:name>/", api.Steps.as_view(), name="api_step"),
    path(f"{API}versions/", api.Versions.as_view(), name="api_versions"),
    path(f"{API}second-vote/", api.SecondVote.as_view(), name="api_second_vote"),
    path(f"{API}objections/", api.Objections.as_view(), name="api_objections"),
    path(f"{API}halts/", api.Halts.as_view(), name="api_halts"),
    path(f"{API}corrections/", api.Corrections.as_view(), name="api_corrections"),
]
