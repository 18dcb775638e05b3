"""Addresses of campaigns."""

from django.urls import path

from titles import campaign_views as views

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", views.campaign_list, name="list"),
    path("campaigns/<int:campaign_id>/", views.campaign, name="campaign"),
    path("campaigns/payments/<int:prepayment_id>/", views.prepayment, name="prepayment"),
    path("campaigns/payments/<int:prepayment_id>/receipt.pdf", views.receipt, name="receipt"),
    path("campaigns/payments/<int:prepayment_id>/cancel/", views.cancel, name="cancel"),
    path("stewardship/campaigns/new/", views.new, name="new"),
    path("stewardship/campaigns/<int:campaign_id>/give-up/", views.give_up, name="give_up"),
]
