"""Addresses of keys and vouches, below those of the register."""

from django.urls import path

from members.identity import views

urlpatterns = [
    path("me/keys/", views.keys, name="keys"),
    path("me/keys/new/", views.new_key, name="new_key"),
    path("me/keys/statement/", views.key_statement, name="key_statement"),
    path("me/keys/end/", views.end_key, name="end_key"),
    path("me/vouching/", views.vouching, name="vouching"),
    path("me/vouching/<int:number>/", views.vouching_to, name="vouching_to"),
    path("me/vouching/<int:number>/vouch/", views.vouch, name="vouch"),
    path("me/vouching/<int:number>/statement/", views.vouch_statement, name="vouch_statement"),
    path("me/vouching/withdraw/<int:vouch_id>/", views.withdraw, name="withdraw_vouch"),
    path("stewardship/register/<int:member_id>/key/", views.end_key_of, name="end_key_of"),
]
