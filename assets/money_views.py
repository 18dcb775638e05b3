"""The stewards' pages of what a pool costs and what its assets are worth."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from assets import money, services
from assets.models import Asset, CostLine, Pool
from assets.money_forms import BillForm, CostLineForm, DayForm, EndForm, PlanForm
from assets.queries import backing, cost_at, pools
from ledger.errors import DomainError
from members.access import auditor_required, steward_required, the_user


@require_GET
@auditor_required
def values(request: HttpRequest) -> HttpResponse:
    """What every asset is worth in the books as of a day, pool by pool."""
    form = DayForm(request.GET or None)
    day = form.cleaned_data["day"] if form.is_valid() else timezone.localdate()
    found = [money.PoolValues(pool, money.book_values(pool, day)) for pool in pools()]
    context = {"form": form, "day": day, "found": [entry for entry in found if entry.rows]}
    status = 422 if form.errors else 200
    return render(request, "assets/money/values.html", context, status=status)


@require_GET
@auditor_required
def costs(request: HttpRequest, code: str) -> HttpResponse:
    """A pool's cost lines, bills, plans of depreciation, and what backs its shares."""
    pool = get_object_or_404(Pool, code=code)
    today = timezone.localdate()
    context = {
        "pool": pool,
        "today": today,
        "lines": money.cost_lines_of(pool),
        "bills": money.bills_of(pool)[:50],
        "plans": money.plan_rows(pool, today),
        "without_plan": money.assets_without_plan(pool),
        "month": cost_at(pool, today),
        "disposals": money.disposals_of(pool)[:50],
        "backing": backing(pool),
    }
    return render(request, "assets/money/costs.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def add_line(request: HttpRequest, code: str) -> HttpResponse:
    """A new cost of a pool."""
    pool = get_object_or_404(Pool, code=code)
    form = CostLineForm(request.POST or None, pool=pool)

    def write(data: dict[str, Any]) -> None:
        services.add_cost_line(
            pool=pool,
            name=data["name"],
            amount=data["amount"],
            weights=data["weights"],
            since=data["since"],
            until=data["until"],
            source=data["source"] or str(data["bill"]),
            bill=data["bill"],
            actor=the_user(request),
        )

    return _asked(request, pool, form, write, _("Add a cost"))


@require_http_methods(["GET", "POST"])
@steward_required
def end_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """The day on which a cost ends."""
    line = get_object_or_404(CostLine.objects.select_related("pool"), pk=line_id)
    form = EndForm(request.POST or None)

    def write(data: dict[str, Any]) -> None:
        services.end_cost_line(line_id=line.pk, until=data["until"], actor=the_user(request))

    return _asked(request, line.pool, form, write, _("End “%(name)s”") % {"name": line.name})


@require_http_methods(["GET", "POST"])
@steward_required
def add_bill(request: HttpRequest, code: str) -> HttpResponse:
    """A supplier's bill, entered once."""
    pool = get_object_or_404(Pool, code=code)
    form = BillForm(request.POST or None, pool=pool)

    def write(data: dict[str, Any]) -> None:
        services.enter_bill(pool=pool, actor=the_user(request), **data)

    return _asked(request, pool, form, write, _("Enter a bill"))


@require_http_methods(["GET", "POST"])
@steward_required
def plan(request: HttpRequest, asset_id: int) -> HttpResponse:
    """How an asset is written off from a day on."""
    asset = get_object_or_404(Asset.objects.select_related("pool"), pk=asset_id)
    start = {"since": asset.in_service, "months": asset.useful_months, "source": asset.bill}
    form = PlanForm(request.POST or None, initial=start)

    def write(data: dict[str, Any]) -> None:
        services.plan_depreciation(
            asset=asset,
            weights=data["weights"],
            since=data["since"],
            months=data["months"],
            source=data["source"],
            actor=the_user(request),
        )

    return _asked(request, asset.pool, form, write, _("Write off “%(name)s”") % {"name": asset})


def _asked(
    request: HttpRequest,
    pool: Pool,
    form: forms.Form,
    write: Callable[[dict[str, Any]], None],
    heading: str,
) -> HttpResponse:
    """A form of one purpose; when it was carried out, the page of the pool's costs."""
    if request.method == "POST" and form.is_valid():
        try:
            write(form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Kept."))
            return HttpResponseRedirect(reverse("costs:pool", args=[pool.code]), status=303)
    context = {"pool": pool, "form": form, "heading": heading}
    return render(request, "assets/money/form.html", context, status=422 if form.errors else 200)
