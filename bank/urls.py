"""Addresses of the bank desk."""

from django.urls import include, path

from bank import views

app_name = "bank"
urlpatterns = [
    path("stewardship/bank/", views.desk, name="desk"),
    path("stewardship/bank/import/", views.upload, name="upload"),
    path("stewardship/bank/look/", views.look, name="look"),
    path("stewardship/bank/files/<int:file_id>/", views.file, name="file"),
    path("stewardship/bank/statements/", views.statements, name="statements"),
    path("stewardship/bank/lines/", views.lines, name="lines"),
    path("stewardship/bank/lines/<int:line_id>/", views.line, name="line"),
    path("stewardship/bank/lines/<int:line_id>/<slug:kind>/", views.decide, name="decide"),
    path("stewardship/bank/decisions/<int:decision_id>/undo/", views.undo, name="undo"),
    path("stewardship/bank/reconciliation/", views.reconciliation, name="reconciliation"),
    path("stewardship/bank/tables/", views.shape, name="new_shape"),
    path("stewardship/bank/tables/<int:shape_id>/", views.shape, name="shape"),
    path("", include("bank.orders.urls")),
]
