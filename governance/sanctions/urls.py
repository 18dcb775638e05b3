"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.sanctions import api, views

urlpatterns: list[URLPattern] = [
    path("sanctions/", views.sanctions, name="sanctions"),
    path("sanctions/new/", views.new, name="new_sanction"),
    path("sanctions/mine/", views.mine, name="my_sanctions"),
    path("sanctions/<int:sanction_id>/", views.sanction, name="sanction"),
    path("sanctions/<int:sanction_id>/end/", views.end, name="end_sanction"),
    path("sanctions/<int:sanction_id>/appeal/", views.appeal, name="appeal_sanction"),
    path("panels/<int:appeal_id>/", views.panel, name="panel"),
    path("panels/<int:appeal_id>/decline/", views.decline, name="decline_panel"),
    path("panels/<int:appeal_id>/lot/", views.lot, name="panel_lot"),
    path("api/v1/sanctions/", api.Sanctions.as_view(), name="api_sanctions"),
    path("api/v1/sanctions/new/", api.NewSanction.as_view(), name="api_new_sanction"),
    path(
        "api/v1/sanctions/<int:sanction_id>/end/",
        api.EndSanction.as_view(),
        name="api_end_sanction",
    ),
    path(
        "api/v1/sanctions/<int:sanction_id>/appeal/",
        api.Appeals.as_view(),
        name="api_appeal_sanction",
    ),
    path("api/v1/panels/<int:appeal_id>/votes/", api.PanelVotes.as_view(), name="api_panel_votes"),
    path("api/v1/panels/<int:appeal_id>/decline/", api.Declined.as_view(), name="api_decline"),
    path("api/v1/panels/<int:appeal_id>/lot/", api.Lot.as_view(), name="api_panel_lot"),
]
