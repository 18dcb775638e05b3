"""Addresses of the register of assets."""

from django.urls import path

from assets import linked, stewards, views

app_name = "assets"
urlpatterns = [
    path("assets/", views.everything, name="register"),
    path("assets.jsonld", linked.register_view, name="register_jsonld"),
    path("assets/context.jsonld", linked.context_view, name="context"),
    path("assets/on/", views.as_of, name="as_of"),
    path("assets/mine/", views.mine, name="mine"),
    path("assets/labels/", views.labels, name="labels"),
    path("assets/new/", stewards.new, name="new"),
    path("assets/import/", stewards.import_file, name="import"),
    path("assets/export.csv", stewards.export, name="export"),
    path("assets/files/<int:file_id>/", views.file, name="file"),
    path("assets/files/<int:file_id>/small/", views.thumbnail, name="thumbnail"),
    path("assets/files/<int:file_id>/show/", stewards.show_file, name="show_file"),
    path("assets/files/<int:file_id>/remove/", stewards.remove_file, name="remove_file"),
    path("assets/custody/<int:custody_id>/answer/", views.answer, name="answer"),
    path("assets/custody/<int:custody_id>/withdraw/", stewards.withdraw, name="withdraw"),
    path("assets/<int:asset_id>/", views.asset, name="asset"),
    path("assets/<int:asset_id>.jsonld", linked.asset_view, name="asset_jsonld"),
    path("assets/<int:asset_id>/label/", views.label, name="label"),
    path("assets/<int:asset_id>/give-back/", stewards.give_back, name="give_back"),
    path("assets/<int:asset_id>/<slug:name>/", stewards.deed, name="deed"),
]
