"""The addresses of sealed votes."""

from django.urls import path, re_path

from governance.sealed import api, views

urlpatterns = [
    path("decisions/trustees/", views.trustee_keys, name="trustee_keys"),
    path("decisions/trustees/<int:key_id>/end/", views.end_trustee_key, name="end_trustee_key"),
    path("decisions/<int:proposal_id>/sealed/", views.sealed, name="sealed"),
    path("decisions/<int:proposal_id>/sealed/ceremony/", views.ceremony, name="sealed_ceremony"),
    path("decisions/<int:proposal_id>/sealed/deal/", views.deal, name="sealed_deal"),
    path("decisions/<int:proposal_id>/sealed/tally/", views.tally, name="sealed_tally"),
    path("decisions/<int:proposal_id>/sealed/vote/", views.vote, name="sealed_vote"),
    path("decisions/<int:proposal_id>/sealed/elsewhere/", views.elsewhere, name="sealed_elsewhere"),
    re_path(
        r"^decisions/(?P<proposal_id>[0-9]+)/sealed/files/(?P<name>deal|paper|set|tally)\.json$",
        views.download,
        name="sealed_file",
    ),
    path("api/v1/trustee-keys/", api.TrusteeKeys.as_view(), name="api_trustee_keys"),
    path(
        "api/v1/decisions/<int:proposal_id>/sealed/deal/",
        api.Deal.as_view(),
        name="api_sealed_deal",
    ),
    path(
        "api/v1/decisions/<int:proposal_id>/sealed/paper/",
        api.Paper.as_view(),
        name="api_sealed_paper",
    ),
    path(
        "api/v1/decisions/<int:proposal_id>/sealed/set/", api.Set.as_view(), name="api_sealed_set"
    ),
    path(
        "api/v1/decisions/<int:proposal_id>/sealed/tally/",
        api.Tally.as_view(),
        name="api_sealed_tally",
    ),
]
