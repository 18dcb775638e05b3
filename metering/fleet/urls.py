"""The addresses of the fleet's pages, below those of metering."""

from django.urls import path

from metering import stewards
from metering.fleet import api, deciding, files, letting_in, program, views

urlpatterns = [
    path("nodes/", views.nodes, name="nodes"),
    path("nodes/map/", views.links, name="link_map"),
    path("nodes/upload/", files.upload, name="upload"),
    path("nodes/upload/<uuid:number>/", files.delivered, name="delivered"),
    path("nodes/upload/<uuid:number>/file", files.answer_file, name="answer_file"),
    path("nodes/enrol/", letting_in.enrol, name="enrol"),
    path("nodes/enrol/coop-agent.zip", program.agent, name="agent_zip"),
    path("nodes/enrol/coop-agent-lite.tar.gz", program.lite, name="lite_tar"),
    path("nodes/enrol/file/", letting_in.offline, name="offline"),
    path("nodes/enrol/deny/<int:number>/", letting_in.deny, name="deny"),
    path("nodes/enrol/<str:code>/", letting_in.review, name="review"),
    path("nodes/enrol/<str:code>/answer.json", letting_in.answer, name="enrol_answer"),
    path("nodes/<uuid:uuid>/", views.node, name="node"),
    path("nodes/<uuid:uuid>/assign/", stewards.assign, name="assign"),
    path("nodes/<uuid:uuid>/end/<int:assignment_id>/", stewards.end, name="end"),
    path("nodes/<uuid:uuid>/decide/<slug:code>/", deciding.decide, name="decide"),
    path("nodes/<uuid:uuid>/rotations/<int:number>/", deciding.rotation, name="rotation"),
    path("nodes/<uuid:uuid>/batches/<int:epoch>/<int:seq>/", views.batch, name="batch"),
    path("api/v1/nodes/", api.NodesView.as_view(), name="api_nodes"),
    path("api/v1/nodes/links/", api.LinksView.as_view(), name="api_node_links"),
    path("api/v1/nodes/files/", api.FilesView.as_view(), name="api_node_files"),
    path("api/v1/nodes/<uuid:uuid>/", api.NodeView.as_view(), name="api_node"),
    path("api/v1/nodes/<uuid:uuid>/decisions/", api.DecisionView.as_view(), name="api_decide"),
    path("api/v1/nodes/<uuid:uuid>/batches/", api.BatchesView.as_view(), name="api_batches"),
    path(
        "api/v1/nodes/<uuid:uuid>/batches/<int:epoch>/<int:seq>/",
        api.BatchView.as_view(),
        name="api_batch",
    ),
    path(
        "nodes/<uuid:uuid>/batches/<int:epoch>/<int:seq>/envelope.json",
        views.envelope_file,
        name="envelope_file",
    ),
    path(
        "nodes/<uuid:uuid>/batches/<int:epoch>/<int:seq>/receipt.json",
        views.receipt_file,
        name="receipt_file",
    ),
    path(
        "nodes/<uuid:uuid>/batches/<int:epoch>/<int:seq>/conflict-<int:number>.json",
        views.conflict_file,
        name="conflict_file",
    ),
]
