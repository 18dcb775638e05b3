"""Addresses of buying in, titles, and checking them."""

from django.urls import path

from titles import certificates, stewards, views

app_name = "titles"
urlpatterns = [
    path("buy-in/", views.buy_in, name="buy_in"),
    path("buy-in/<slug:code>/", views.count, name="count"),
    path("buy-in/<slug:code>/review/", views.review, name="review"),
    path("purchases/<int:subscription_id>/", views.pay, name="pay"),
    path("purchases/<int:subscription_id>/cancel/", views.cancel, name="cancel"),
    path("titles/", certificates.mine, name="mine"),
    path("titles/<int:number>/", certificates.title, name="title"),
    path("verify/", certificates.verify, name="verify"),
    path("verify/key", certificates.public_key, name="public_key"),
    path("verify/<int:number>/", certificates.verify_number, name="verify_number"),
    path("verify/<int:number>/file", certificates.document, name="document"),
    path("stewardship/payments/", stewards.incoming, name="incoming"),
    path("stewardship/payments/<int:charge_id>/", stewards.receive, name="receive"),
]
