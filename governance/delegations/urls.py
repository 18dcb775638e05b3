"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.delegations import api, views

urlpatterns: list[URLPattern] = [
    path("decisions/delegations/", views.delegations, name="delegations"),
    path("decisions/delegations/new/", views.new, name="new_delegation"),
    path(
        "decisions/delegations/<int:delegation_id>/revoke/",
        views.revoke,
        name="revoke_delegation",
    ),
    path("decisions/<int:proposal_id>/proxy/", views.give_proxy, name="give_proxy"),
    path("api/v1/delegations/", api.Delegations.as_view(), name="api_delegations"),
    path(
        "api/v1/delegations/<int:delegation_id>/revoke/",
        api.RevokedDelegation.as_view(),
        name="api_revoke_delegation",
    ),
    path(
        "api/v1/decisions/<int:proposal_id>/delegations/",
        api.DelegationsInVote.as_view(),
        name="api_delegations_in_vote",
    ),
]
