"""The addresses of the API of nodes."""

from django.urls import path

from metering.trust import api as node_api
from metering.trust import enrolment as enrolment_api

urlpatterns = [
    path("api/v1/nodes/rotations/", node_api.RotationsView.as_view(), name="api_rotations"),
    path(
        "api/v1/nodes/rotations/<int:rotation_id>/",
        node_api.RotationView.as_view(),
        name="api_rotation",
    ),
    path("api/v1/nodes/keys-due/", node_api.KeysDueView.as_view(), name="api_keys_due"),
    path(
        "api/v1/nodes/<uuid:uuid>/history/",
        node_api.NodeHistoryView.as_view(),
        name="api_node_history",
    ),
    path("api/v1/nodes/<uuid:uuid>/keys/", node_api.NodeKeysView.as_view(), name="api_node_keys"),
    path(
        "api/v1/nodes/<uuid:uuid>/keys/revoke/",
        node_api.NodeKeyEndView.as_view(),
        name="api_node_revoke_key",
    ),
    path(
        "api/v1/nodes/<uuid:uuid>/suspense/",
        node_api.NodeSuspenseView.as_view(),
        name="api_node_suspense",
    ),
    path("api/v1/enrolments/", enrolment_api.EnrolmentsView.as_view(), name="api_enrolments"),
    path(
        "api/v1/enrolments/<str:code>/",
        enrolment_api.EnrolmentView.as_view(),
        name="api_enrolment",
    ),
    path(
        "api/v1/enrolments/<str:code>/agree/",
        enrolment_api.EnrolmentAgreeView.as_view(),
        name="api_enrolment_agree",
    ),
]
