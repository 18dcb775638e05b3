"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.offices import views

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
]
