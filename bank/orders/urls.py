"""Addresses of files to the bank."""

from django.urls import path

from bank.orders import views

urlpatterns = [
    path("stewardship/orders/", views.orders, name="orders"),
    path("stewardship/orders/payments/", views.new_payments, name="new_payments"),
    path("stewardship/orders/collections/", views.new_collections, name="new_collections"),
    path("stewardship/orders/payments/<int:order_id>/", views.payment_order, name="payment_order"),
    path(
        "stewardship/orders/payments/<int:order_id>/file.xml",
        views.payment_file,
        name="payment_file",
    ),
    path(
        "stewardship/orders/collections/<int:order_id>/",
        views.collection_order,
        name="collection_order",
    ),
    path(
        "stewardship/orders/collections/<int:order_id>/file.xml",
        views.collection_file,
        name="collection_file",
    ),
    path("stewardship/orders/debits/<int:item_id>/", views.came_back, name="debit_came_back"),
]
