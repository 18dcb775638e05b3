"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.offices import api, views

urlpatterns: list[URLPattern] = [
    path("offices/", views.offices, name="offices"),
    path("offices/<slug:office>/step-down/", views.step_down, name="step_down"),
    path(
        "offices/<slug:office>/petitions/<int:number>/new/",
        views.new_petition,
        name="new_petition",
    ),
    path("petitions/<int:petition_id>/", views.petition, name="petition"),
    path("petitions/<int:petition_id>/sign/", views.sign, name="sign_petition"),
    path("emergencies/new/", views.call_emergency, name="call_emergency"),
    path("emergencies/<int:emergency_id>/", views.emergency, name="emergency"),
    path("emergencies/<int:emergency_id>/sign/", views.sign_emergency, name="sign_emergency"),
    path("emergencies/<int:emergency_id>/answer/", views.answer, name="answer_emergency"),
    path("decisions/<int:proposal_id>/candidates/stand/", views.stand, name="stand"),
    path("decisions/<int:proposal_id>/candidates/name/", views.name, name="name_candidate"),
    path(
        "decisions/<int:proposal_id>/candidates/withdraw/",
        views.withdraw_candidate,
        name="withdraw_candidate",
    ),
    path("api/v1/offices/", api.Offices.as_view(), name="api_offices"),
    path("api/v1/offices/<slug:office>/mine/", api.OwnOffice.as_view(), name="api_own_office"),
    path(
        "api/v1/decisions/<int:proposal_id>/candidates/",
        api.Candidates.as_view(),
        name="api_candidates",
    ),
    path("api/v1/petitions/", api.Petitions.as_view(), name="api_petitions"),
    path("api/v1/petitions/<int:petition_id>/", api.PetitionView.as_view(), name="api_petition"),
    path("api/v1/emergencies/", api.Emergencies.as_view(), name="api_emergencies"),
    path(
        "api/v1/emergencies/<int:emergency_id>/",
        api.EmergencyView.as_view(),
        name="api_emergency",
    ),
    path(
        "api/v1/emergencies/<int:emergency_id>/answer/",
        api.EmergencyAnswer.as_view(),
        name="api_emergency_answer",
    ),
]
