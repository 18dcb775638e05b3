"""The addresses of votes."""

from django.urls import path

from governance import actions_api, api, rivals, views
from governance.backing import urls as backing
from governance.bundle import urls as bundle
from governance.consents import urls as consents
from governance.delegations import urls as delegations
from governance.discussion import urls as discussion
from governance.lifecycle import urls as lifecycle
from governance.methods import urls as methods
from governance.notices import urls as notices
from governance.offices import urls as offices
from governance.receipts import urls as receipts
from governance.sanctions import urls as sanctions
from governance.sealed import urls as sealed

app_name = "governance"
urlpatterns = [
    *consents.urlpatterns,
    *backing.urlpatterns,
    *bundle.urlpatterns,
    *delegations.urlpatterns,
    *discussion.urlpatterns,
    *lifecycle.urlpatterns,
    *notices.urlpatterns,
    *methods.urlpatterns,
    *offices.urlpatterns,
    *receipts.urlpatterns,
    *sanctions.urlpatterns,
    *sealed.urlpatterns,
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/rules/", views.rules, name="rules"),
    path("decisions/new/", views.kinds, name="kinds"),
    path("decisions/new/<slug:action>/", views.propose, name="propose"),
    path("decisions/<int:proposal_id>/", views.decision, name="decision"),
    path("decisions/<int:proposal_id>/options/new/", rivals.add_option, name="add_option"),
    path("decisions/<int:proposal_id>/vote/", views.vote, name="vote"),
    path("decisions/<int:proposal_id>/vote/sign/", views.sign_vote, name="sign_vote"),
    path("decisions/<int:proposal_id>/publish/", views.publish, name="publish"),
    path("decisions/<int:proposal_id>/withdraw/", views.withdraw, name="withdraw"),
    path("decisions/<int:proposal_id>/steps/<slug:name>/", views.step, name="step"),
    path("api/v1/actions/", actions_api.Actions.as_view(), name="api_actions"),
    path("api/v1/actions/<slug:key>/dry-run/", actions_api.DryRun.as_view(), name="api_dry_run"),
    path(
        "api/v1/decisions/<int:proposal_id>/opposite/",
        actions_api.Opposite.as_view(),
        name="api_opposite",
    ),
    path("api/v1/decisions/", api.Decisions.as_view(), name="api_decisions"),
    path("api/v1/decisions/<int:proposal_id>/", api.Decision.as_view(), name="api_decision"),
    path("api/v1/decisions/<int:proposal_id>/ballots/", api.Ballots.as_view(), name="api_ballots"),
    path(
        "api/v1/decisions/<int:proposal_id>/ballots/drafts/",
        api.OwnDrafts.as_view(),
        name="api_ballot_drafts",
    ),
    path("api/v1/decisions/<int:proposal_id>/board/", api.Board.as_view(), name="api_board"),
    path("api/v1/decisions/<int:proposal_id>/rolls/", api.Rolls.as_view(), name="api_rolls"),
    path(
        "api/v1/decisions/<int:proposal_id>/certificate/",
        api.TheCertificate.as_view(),
        name="api_certificate",
    ),
]
