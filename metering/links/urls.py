"""The addresses of links, delivery notes and storage challenges."""

from django.urls import path

from metering.links import api as link_api
from metering.links import views as link_views
from metering.notes import api as note_api
from metering.notes import views as note_views

app_name = "links"
urlpatterns = [
    path("nodes/links/", link_views.links, name="links"),
    path("nodes/links/new/", link_views.declare, name="declare"),
    path("nodes/links/<int:link_id>/", link_views.link, name="link"),
    path("nodes/links/<int:link_id>/end/", link_views.end, name="end"),
    path("nodes/countersigning/", note_views.countersigned, name="countersigned"),
    path("nodes/countersigning/<int:assignment_id>/", note_views.countersign, name="countersign"),
    path("usage/disputes/<int:dispute_id>/", link_views.dispute, name="dispute"),
    path("usage/notes/", note_views.notes, name="notes"),
    path("usage/notes/<int:note_id>/", note_views.note, name="note"),
    path("usage/notes/<int:note_id>/sign/", note_views.sign, name="sign"),
    path("usage/challenges/", note_views.challenges, name="challenges"),
    path("api/v1/links/", link_api.LinksView.as_view(), name="api_links"),
    path("api/v1/links/<int:link_id>/", link_api.LinkView.as_view(), name="api_link"),
    path("api/v1/links/<int:link_id>/hours/", link_api.HoursView.as_view(), name="api_hours"),
    path("api/v1/links/<int:link_id>/end/", link_api.EndView.as_view(), name="api_end"),
    path(
        "api/v1/nodes/<uuid:uuid>/reputation/",
        link_api.ReputationView.as_view(),
        name="api_reputation",
    ),
    path("api/v1/usage/notes/", note_api.NotesView.as_view(), name="api_notes"),
    path("api/v1/usage/notes/<int:note_id>/draft/", note_api.DraftView.as_view(), name="api_draft"),
    path(
        "api/v1/usage/notes/<int:note_id>/answer/",
        note_api.NoteAnswerView.as_view(),
        name="api_note",
    ),
    path("api/v1/usage/challenges/", note_api.ChallengesView.as_view(), name="api_challenges"),
    path(
        "api/v1/usage/countersigning/<int:assignment_id>/",
        note_api.CountersigningView.as_view(),
        name="api_countersigning",
    ),
]
