"""Addresses of the market."""

from django.urls import path

from tokens import market_stewards, market_views

app_name = "market"
urlpatterns = [
    path("market/", market_views.home, name="home"),
    path("market/auctions/<int:auction_id>/", market_views.auction, name="auction"),
    path("market/auctions/<int:auction_id>/bid/", market_views.bid, name="bid"),
    path("market/auctions/<int:auction_id>/ask/", market_views.ask, name="ask"),
    path("market/bids/<int:bid_id>/withdraw/", market_views.withdraw_bid, name="withdraw_bid"),
    path("market/asks/<int:ask_id>/withdraw/", market_views.withdraw_ask, name="withdraw_ask"),
    path(
        "market/offers/<int:offer_id>/withdraw/", market_views.withdraw_offer, name="withdraw_offer"
    ),
    path("stewardship/market/", market_stewards.desk, name="desk"),
    path("stewardship/market/<int:auction_id>/", market_stewards.manage, name="manage"),
]
