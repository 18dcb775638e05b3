"""Addresses of token books and of the close."""

from django.urls import path

from tokens import closing, given_views, limit_views, stewards, views

app_name = "tokens"
urlpatterns = [
    path("api/v1/tokens/limits/", limit_views.LimitsView.as_view(), name="api_limits"),
    path("tokens/", views.mine, name="mine"),
    path("tokens/limits/", limit_views.wish, name="wish"),
    path("tokens/give/", views.give, name="give"),
    path("tokens/offer/", views.offer, name="offer"),
    path("tokens/gifts/<int:gift_id>/", views.answer_gift, name="answer_gift"),
    path("tokens/offers/<int:offer_id>/withdraw/", views.withdraw, name="withdraw"),
    path("tokens/gifts/<int:gift_id>/withdraw/", given_views.withdraw_gift, name="withdraw_gift"),
    path("tokens/lend/", given_views.lend, name="lend"),
    *(
        path(
            f"tokens/loans/<int:loan_id>/{act}/",
            given_views.answer_loan,
            {"act": act},
            name=f"{act}_loan",
        )
        for act in ("accept", "decline", "return", "withdraw")
    ),
    path("tokens/history/", given_views.history, name="history"),
    path("tokens/history/history.csv", given_views.history_csv, name="history_csv"),
    path("stewardship/gifts/", given_views.gifts, name="gifts"),
    path("stewardship/gifts/gifts.csv", given_views.gifts_csv, name="gifts_csv"),
    path("stewardship/periods/", stewards.periods, name="periods"),
    path("stewardship/periods/open/", stewards.open_first, name="open_first"),
    path("stewardship/periods/coming/", closing.coming, name="coming"),
    path("stewardship/periods/<slug:code>/", stewards.close, name="close"),
    path("stewardship/periods/<slug:code>/whole/", closing.whole, name="whole"),
    path("stewardship/periods/<slug:code>/<slug:name>/", stewards.step, name="step"),
]
