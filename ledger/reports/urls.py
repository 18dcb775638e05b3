"""Addresses of the reports, below those of the books."""

from django.urls import URLPattern, path

from ledger.reports import REPORTS, views


def addresses(name: str) -> list[URLPattern]:
    """The page of one report, and its files."""
    given, word = {"name": name}, name.replace("-", "_")
    return [
        path(f"{name}/", views.report, given, name=f"report_{word}"),
        path(f"{name}.csv", views.as_csv, given, name=f"report_{word}_csv"),
        path(f"{name}.pdf", views.as_pdf, given, name=f"report_{word}_pdf"),
    ]


urlpatterns = [
    path("", views.reports, name="reports"),
    path("chart/", views.chart, name="chart"),
    path("chart.csv", views.chart_as_csv, name="chart_csv"),
    path("entries/", views.entries, name="report_entries"),
    path("entries.csv", views.entries_as_csv, name="report_entries_csv"),
    path("entries.pdf", views.entries_as_pdf, name="report_entries_pdf"),
    *(pattern for name in REPORTS for pattern in addresses(name)),
]
