"""Addresses of buying in, titles, and checking them."""

from django.urls import path

from titles import certificates, stewards, views
from titles.exchange import views as exchange
from titles.papers import views as papers

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
    path("titles/<int:number>/certificate.pdf", papers.certificate, name="certificate"),
    path("verify/key", papers.public_key, name="public_key"),
    path("verify/issuer.json", papers.issuer, name="issuer"),
    path("verify/<int:number>/", certificates.verify_number, name="verify_number"),
    path("verify/<int:number>/file", papers.document, name="document"),
    path("verify/<int:number>/credential", papers.credential, name="credential"),
    path("stewardship/register/moving/", exchange.moving, name="moving"),
    path("stewardship/register/moving/confirm/", exchange.confirm, name="confirm_moving"),
    path("stewardship/register/export.zip", exchange.export, name="export"),
    path("stewardship/register/ocf.zip", exchange.ocf, name="ocf"),
    path("stewardship/payments/", stewards.incoming, name="incoming"),
    path("stewardship/payments/<int:charge_id>/", stewards.receive, name="receive"),
]
