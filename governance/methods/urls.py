"""The addresses of what anybody reads of a count, and of consents."""

from django.urls import path

from governance.methods import api

VOTE = "api/v1/decisions/<int:proposal_id>"
urlpatterns = [
    path(f"{VOTE}/carried/", api.CarriedVotes.as_view(), name="api_carried"),
    path(f"{VOTE}/lot/", api.TheLot.as_view(), name="api_lot"),
    path(
        f"{VOTE}/ballots/<slug:chamber>.<slug:form>", api.BallotFile.as_view(), name="ballot_file"
    ),
    path(
        f"{VOTE}/consent-objections/",
        api.ConsentObjections.as_view(),
        name="api_consent_objections",
    ),
    path(
        f"{VOTE}/consent-objections/<int:objection_id>/withdraw/",
        api.ConsentObjectionWithdrawal.as_view(),
        name="api_consent_withdraw",
    ),
    path(
        f"{VOTE}/consent-objections/<int:objection_id>/rulings/",
        api.ConsentRulings.as_view(),
        name="api_consent_rulings",
    ),
]
