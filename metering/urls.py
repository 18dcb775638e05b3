"""The addresses of metering."""

from django.urls import path

from metering import agent_api, api, evidence_download, usage_stewards, views
from metering.disputes import api as dispute_api
from metering.disputes import views as dispute_views
from metering.fleet.urls import urlpatterns as fleet
from metering.trust import notices as notice_api
from metering.trust.urls import urlpatterns as nodes

app_name = "metering"
urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/evidence/<int:reading_id>/", views.reading, name="evidence"),
    path("usage/evidence/<int:reading_id>/file.json", views.bundle, name="bundle"),
    path("usage/evidence.zip", evidence_download.own, name="own_evidence"),
    path("nodes/evidence.zip", evidence_download.everybodys, name="all_evidence"),
    path("usage/dispute/", dispute_views.dispute, name="dispute"),
    path("stewardship/disputes/", usage_stewards.disputes, name="disputes"),
    path("stewardship/disputes/<int:dispute_id>/", usage_stewards.answer, name="answer"),
    path("stewardship/usage/<int:number>/", usage_stewards.member_usage, name="member_usage"),
    *fleet,
    *nodes,
    path("api/v1/usage/", api.UsageView.as_view(), name="api_usage"),
    path("api/v1/usage/evidence/", evidence_download.OwnEvidenceView.as_view(), name="api_own"),
    path("api/v1/nodes/evidence/", evidence_download.EvidenceView.as_view(), name="api_evidence"),
    path("api/v1/usage/disputes/", dispute_api.DisputesView.as_view(), name="api_disputes"),
    path(
        "api/v1/usage/disputes/<int:dispute_id>/answer/",
        dispute_api.AnswerView.as_view(),
        name="api_answer",
    ),
    path(
        "api/v1/usage/adjustments/", dispute_api.AdjustmentsView.as_view(), name="api_adjustments"
    ),
    path(
        "api/v1/usage/corrections/", dispute_api.CorrectionsView.as_view(), name="api_corrections"
    ),
    path("api/v1/agent/enrol", agent_api.enrol, name="agent_enrol"),
    path("api/v1/agent/enrol/poll", agent_api.poll, name="agent_poll"),
    path("api/v1/agent/envelopes", agent_api.envelopes, name="agent_envelopes"),
    path("api/v1/agent/allowances", agent_api.allowances, name="agent_allowances"),
    path("api/v1/agent/challenges", agent_api.challenges, name="agent_challenges"),
    path("api/v1/agent/config/<uuid:node>", agent_api.config, name="agent_config"),
    path("api/v1/agent/revocations", notice_api.revocations, name="agent_revocations"),
    path("api/v1/agent/notices/<uuid:node>", notice_api.notices_for, name="agent_notices"),
]
