"""Addresses of one's own data, and of the requests for erasure."""

from django.urls import path

from coop import my_data

urlpatterns = [
    path("me/data/", my_data.my_data, name="my_data"),
    path("me/data/download/", my_data.download, name="my_data_download"),
    path("me/data/erasure/", my_data.ask, name="ask_erasure"),
    path("me/data/erasure/take-back/", my_data.take_back, name="take_back_erasure"),
    path("stewardship/erasure/", my_data.requests, name="erasures"),
    path("stewardship/erasure/<int:request_id>/", my_data.carry_out, name="erase"),
    path("stewardship/erasure/<int:request_id>/refuse/", my_data.refuse, name="refuse_erasure"),
]
