"""The addresses of metering."""

from django.urls import path

from metering import agent_api

app_name = "metering"
urlpatterns = [
    path("api/v1/agent/enrol", agent_api.enrol, name="agent_enrol"),
    path("api/v1/agent/enrol/poll", agent_api.poll, name="agent_poll"),
    path("api/v1/agent/envelopes", agent_api.envelopes, name="agent_envelopes"),
    path("api/v1/agent/config/<uuid:node>", agent_api.config, name="agent_config"),
]
