"""The addresses of vouchers."""

from django.urls import path

from metering.vouchers import views as voucher_views

app_name = "vouchers"
urlpatterns = [
    path("tokens/vouchers/new/", voucher_views.new, name="new"),
    path("tokens/vouchers/<uuid:number>/", voucher_views.voucher, name="voucher"),
    path("tokens/vouchers/<uuid:number>/voucher.json", voucher_views.file, name="file"),
    path("tokens/vouchers/<uuid:number>/back/", voucher_views.back, name="back"),
    path("nodes/<uuid:uuid>/asset/", voucher_views.stands_for, name="stands_for"),
    path("nodes/vouchers/", voucher_views.desk, name="desk"),
    path("nodes/vouchers/<uuid:number>/looked/", voucher_views.looked, name="looked"),
    path("nodes/vouchers/<uuid:number>/proof.json", voucher_views.proof, name="proof"),
]
