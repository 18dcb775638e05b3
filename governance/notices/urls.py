"""The addresses of what members are told, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.feed import DecisionFeed
from governance.notices import api, views

urlpatterns: list[URLPattern] = [
    path("decisions/calendar/", views.calendar, name="calendar"),
    path("decisions/calendar.ics", views.calendar_feed, name="calendar_file"),
    path("decisions/feed.atom", DecisionFeed(), name="feed"),
    path("api/v1/decisions/mine/", api.Mine.as_view(), name="api_mine"),
    path(
        "api/v1/decisions/<int:proposal_id>/deliveries/",
        api.Deliveries.as_view(),
        name="api_deliveries",
    ),
]
