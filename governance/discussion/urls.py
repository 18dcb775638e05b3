"""The addresses of this room, in the namespace of governance."""

from django.urls import URLPattern, path

from governance.discussion import api, views

HERE = "decisions/<int:proposal_id>/discussion/"
urlpatterns: list[URLPattern] = [
    path(HERE, views.say, name="say"),
    path(f"{HERE}trace/", views.trace, name="trace"),
    path(f"{HERE}<int:post_id>/", views.post, name="post"),
    path(f"{HERE}<int:post_id>/answer/", views.say, name="answer"),
    path(f"{HERE}<int:post_id>/hide/", views.moderate, {"act": "hide"}, name="hide_post"),
    path(f"{HERE}<int:post_id>/show/", views.moderate, {"act": "show"}, name="show_post"),
    path("api/v1/decisions/<int:proposal_id>/posts/", api.Posts.as_view(), name="api_posts"),
    path(
        "api/v1/decisions/<int:proposal_id>/posts/<int:post_id>/moderations/",
        api.Moderations.as_view(),
        name="api_moderations",
    ),
]
