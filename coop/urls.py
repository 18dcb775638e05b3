"""Every address of the site; each app names its own below its prefix."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from coop import derivation_views, health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("overview/", views.overview, name="overview"),
    path("overview/path/", views.path_page, name="path"),
    path("stewardship/", views.stewardship, name="stewardship"),
    path("stewardship/simulation/", include("coop.simulations.urls")),
    path("preferences/", views.preferences, name="preferences"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("health/live/", health.live, name="health_live"),
    path("health/ready/", health.ready, name="health_ready"),
    path("", include("ledger.log.urls")),
    path("books/", include("ledger.urls")),
    path("", include("metering.vouchers.urls")),
    path("", include("metering.links.urls")),
    path("", include("metering.urls")),
    path("", include("tokens.urls")),
    path("", include("tokens.market_urls")),
    path("", include("governance.urls")),
    path("", include("coop.my_data_urls")),
    path("", include("members.urls")),
    path("statement/<int:charge_id>/derivation/", derivation_views.derivation, name="derivation"),
    path("", include("payments.urls")),
    path("", include("titles.urls")),
    path("", include("titles.campaign_urls")),
    path("", include("bank.urls")),
    path("", include("assets.urls")),
    path("", include("assets.money_urls")),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/", include("ledger.api")),
    path("api/v1/", include("ledger.log.api")),
    path("api/v1/", include("ledger.reports.api")),
    path("api/v1/", include("members.api")),
    path("api/v1/", include("coop.api")),
    path("api/v1/", include("coop.simulations.api")),
    path("api/v1/", include("members.identity.api")),
    path("api/v1/", include("coop.my_data_api")),
    path("api/v1/", include("payments.api")),
    path("api/v1/", include("coop.derivation_api")),
    path("api/v1/", include("assets.api")),
    path("api/v1/", include("titles.api")),
    path("api/v1/", include("titles.moving_api")),
    path("api/v1/", include("titles.exit_api")),
    path("api/v1/", include("titles.campaign_api")),
    path("api/v1/", include("bank.api")),
    path("api/v1/", include("tokens.api")),
    path("api/v1/", include("tokens.given_api")),
    path("api/v1/", include("metering.vouchers.api")),
    path("api/v1/", include("tokens.market_api")),
    path("api/v1/", include("tokens.closing_api")),
    path("admin/", admin.site.urls),
    path("account/", include("allauth.account.urls")),
]

handler400 = "coop.errors.bad_request"
handler403 = "coop.errors.forbidden"
handler404 = "coop.errors.missing"
handler500 = "coop.errors.failed"
