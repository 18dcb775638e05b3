"""The stewards' pages of the register: everything that is written, and the exchange of files."""

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assets import interchange, services
from assets.access import asset_or_404, file_or_404
from assets.deeds import DEEDS, Deed
from assets.forms import CapacityForm, ImportForm, RegisterForm
from assets.mandate import narrow
from assets.models import Asset, AssetCustody
from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.mandates import proposing

MOST_BYTES = 2 * 2**20


@require_http_methods(["GET", "POST"])
@steward_required
def new(request: HttpRequest) -> HttpResponse:
    """Put a new asset on the register."""
    form = RegisterForm(request.POST or None, initial={"key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        made = _registered(request, form)
        if made is not None:
            messages.success(request, _("%(name)s is on the register.") % {"name": made.name})
            return _to(made)
    context = {"form": form}
    return render(request, "assets/new.html", context, status=422 if form.errors else 200)


def _registered(request: HttpRequest, form: RegisterForm) -> Asset | None:
    facts = {name: value for name, value in form.cleaned_data.items() if name != "key"}
    key = f"form:{form.cleaned_data['key'].hex}"
    try:
        return services.register_asset(actor=the_user(request), key=key, **facts)
    except DomainError as error:
        form.add_error(None, str(error))
    return None


@require_http_methods(["GET", "POST"])
@steward_required
def deed(request: HttpRequest, asset_id: int, name: str) -> HttpResponse:
    """One thing done with an asset: its form, and doing it."""
    asset, what = asset_or_404(asset_id), DEEDS.get(name)
    if what is None:
        raise Http404
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = what.form_for(asset, *sent)
    rule = narrow(form, asset) if name == "end" else None
    if request.method == "POST" and form.is_valid() and _done(request, asset, what, form):
        messages.success(request, str(what.done))
        return _to(asset)
    context = {"asset": asset, "deed": what, "form": form, "fits": asset.state in what.states}
    context |= {"mandate": rule, "vote": proposing("retire_asset", asset=asset.pk)}
    return render(request, "assets/deed.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, asset: Asset, what: Deed, form: forms.Form) -> bool:
    data = dict(form.cleaned_data)
    if isinstance(form, CapacityForm):
        data["capacity"] = form.capacity()
    try:
        what.run(asset, data, the_user(request))
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


@require_POST
@steward_required
def withdraw(request: HttpRequest, custody_id: int) -> HttpResponse:
    """Take an offer of custody back."""
    custody = AssetCustody.objects.filter(pk=custody_id).select_related("asset").first()
    if custody is None:
        raise Http404
    done = _("The offer is withdrawn.")
    return _quick(
        request,
        custody.asset,
        done,
        lambda: services.withdraw_offer(custody_id=custody_id, actor=the_user(request)),
    )


@require_POST
@steward_required
def give_back(request: HttpRequest, asset_id: int) -> HttpResponse:
    """The asset came back to the cooperative."""
    asset = asset_or_404(asset_id)
    done = _("%(name)s came back.") % {"name": asset.name}
    return _quick(
        request,
        asset,
        done,
        lambda: services.give_back(asset_id=asset_id, actor=the_user(request)),
    )


@require_POST
@steward_required
def show_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Let everybody see a file, or only stewards."""
    file = file_or_404(request.user, file_id)
    public = request.POST.get("public") == "yes"
    services.show_file(file_id=file_id, public=public, actor=the_user(request))
    return _to(file.asset)


@require_http_methods(["GET", "POST"])
@steward_required
def remove_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """What removing a file means, and doing it."""
    file = file_or_404(request.user, file_id)
    if request.method == "POST":
        done = _("The file is removed.")
        return _quick(
            request,
            file.asset,
            done,
            lambda: services.remove_file(file_id=file_id, actor=the_user(request)),
        )
    return render(request, "assets/remove_file.html", {"file": file, "asset": file.asset})


@require_GET
@steward_required
def export(request: HttpRequest) -> HttpResponse:
    """The whole register as a CSV file, in the form that can be imported."""
    headers = {"Content-Disposition": 'attachment; filename="assets.csv"'}
    return HttpResponse(
        interchange.written(), content_type="text/csv; charset=utf-8", headers=headers
    )


@require_http_methods(["GET", "POST"])
@steward_required
def import_file(request: HttpRequest) -> HttpResponse:
    """Read a CSV file, show what it would do, and do it when that was seen."""
    form = ImportForm(request.POST or None, request.FILES or None)
    text = _text(request, form)
    if text is None:
        context = {"form": form, "columns": interchange.COLUMNS}
        return render(request, "assets/import.html", context, status=422 if form.errors else 200)
    really = "do" in request.POST
    report = services.import_assets(text=text, actor=the_user(request), dry_run=not really)
    if really and not report.errors:
        messages.success(request, added(len(report.added)))
        return HttpResponseRedirect(reverse("assets:register"), status=303)
    context = {"report": report, "text": text}
    return render(request, "assets/preview.html", context, status=422 if report.errors else 200)


def added(number: int) -> str:
    """How many assets an import has added, in words."""
    text = ngettext("%(count)s asset was added.", "%(count)s assets were added.", number)
    return text % {"count": number}


def _text(request: HttpRequest, form: ImportForm) -> str | None:
    """The file as text, from the preview or as it was sent; what is wrong stands on the form."""
    if "text" in request.POST:
        return request.POST["text"]
    if request.method != "POST" or not form.is_valid():
        return None
    sent = form.cleaned_data["file"]
    if sent.size > MOST_BYTES:
        form.add_error(
            "file", _("The file may have 2 MB; larger ones go by the command import_assets.")
        )
        return None
    try:
        return str(sent.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        form.add_error("file", _("The file is not text in UTF-8."))
    return None


def _quick(
    request: HttpRequest, asset: Asset, done: str, run: Callable[[], object]
) -> HttpResponse:
    """Do what needs no form, say how it went, and go back to the asset."""
    try:
        run()
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, str(error))
    return _to(asset)


def _to(asset: Asset) -> HttpResponse:
    return HttpResponseRedirect(reverse("assets:asset", args=[asset.pk]), status=303)
