"""The addresses of receipts."""

from django.urls import path

from governance.receipts import api, views

urlpatterns = [
    path("decisions/receipts/check/", views.check_any, name="check_receipt"),
    path("decisions/<int:proposal_id>/receipts/<int:index>/", views.receipt, name="receipt"),
    path(
        "decisions/<int:proposal_id>/receipts/<int:index>/file/",
        views.download,
        name="receipt_file",
    ),
    path("decisions/<int:proposal_id>/receipts/<int:index>/mail/", views.mail, name="receipt_mail"),
    path("decisions/<int:proposal_id>/board/<slug:leaf>/", views.entry, name="entry"),
    path(
        "api/v1/decisions/<int:proposal_id>/receipts/<int:index>/",
        api.Receipt.as_view(),
        name="api_receipt",
    ),
    path("api/v1/decisions/receipts/check/", api.Check.as_view(), name="api_check_receipt"),
    path("api/v1/decisions/<int:proposal_id>/board/head/", api.Head.as_view(), name="api_head"),
    path(
        "api/v1/decisions/<int:proposal_id>/board/consistency/",
        api.Consistency.as_view(),
        name="api_board_consistency",
    ),
]
