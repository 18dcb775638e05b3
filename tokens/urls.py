"""Addresses of token books and of the close."""

from django.urls import path

from tokens import closing, stewards, views

app_name = "tokens"
urlpatterns = [
    path("tokens/", views.mine, name="mine"),
    path("tokens/give/", views.give, name="give"),
    path("tokens/offer/", views.offer, name="offer"),
    path("tokens/gifts/<int:gift_id>/", views.answer_gift, name="answer_gift"),
    path("tokens/offers/<int:offer_id>/withdraw/", views.withdraw, name="withdraw"),
    path("stewardship/periods/", stewards.periods, name="periods"),
    path("stewardship/periods/open/", stewards.open_first, name="open_first"),
    path("stewardship/periods/coming/", closing.coming, name="coming"),
    path("stewardship/periods/<slug:code>/", stewards.close, name="close"),
    path("stewardship/periods/<slug:code>/whole/", closing.whole, name="whole"),
    path("stewardship/periods/<slug:code>/<slug:name>/", stewards.step, name="step"),
]
