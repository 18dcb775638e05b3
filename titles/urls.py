"""Addresses of buying in, titles, and checking them."""

from django.urls import path

from titles import certificates, exit_stewards, exit_views, prepaid, stewards, views
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
    path("redemptions/", exit_views.redemptions, name="redemptions"),
    path("redemptions/<int:request_id>/withdraw/", exit_views.withdraw, name="redemption_withdraw"),
    path("redemptions/pool/<slug:code>/", exit_views.redeem, name="redeem"),
    path("redemptions/pool/<slug:code>/credit/", exit_views.credit_out, name="credit_out"),
    path("leave/", exit_views.leave, name="leave"),
    path("leave/review/", exit_views.review_leaving, name="review_leaving"),
    path("leave/stay/", exit_views.stay, name="stay"),
    path("stewardship/exits/", exit_stewards.desk, name="exits"),
    path("stewardship/exits/pool/<slug:code>/", exit_stewards.queue, name="exit_queue"),
    path(
        "stewardship/exits/requests/<int:request_id>/", exit_stewards.set_class, name="exit_class"
    ),
    path("stewardship/exits/members/<int:member_id>/", exit_stewards.begin, name="exit_begin"),
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
    path("prepaid/", prepaid.prepaid, name="prepaid"),
    path("prepaid/settle/", prepaid.settle, name="settle"),
    path("prepaid/refund/", prepaid.refund, name="prepaid_refund"),
    path("pay/<int:charge_id>/<slug:name>/", prepaid.pay_with, name="pay_with"),
    path("pay/notify/<slug:name>/", prepaid.notify, name="notify"),
    path("pay/demo-card/<int:charge_id>/", prepaid.demo_card, name="demo_card"),
]
