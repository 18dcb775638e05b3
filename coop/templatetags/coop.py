"""Tags and filters of every page: amounts, bars, form fields, navigation."""

import datetime as dt
from typing import Any

from django import forms, template
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from assets import names
from assets.models import Pool
from coop import amounts, charts
from ledger import labels
from ledger.access import Reader

register = template.Library()

BAR_WIDTH = 1000
# Pages that lie below an entry of the navigation, under an address of their own.
ALSO_BELOW = {"governance:decisions": ("/offices/", "/petitions/", "/emergencies/")}


def language() -> str:
    return (get_language() or "en")[:2]


@register.filter
def money(cents: int | None) -> str:
    """Cents as money."""
    return "" if cents is None else amounts.money_text(int(cents))


@register.filter
def tokens(millitokens: int | None) -> str:
    """Millitokens as tokens."""
    return "" if millitokens is None else amounts.tokens_text(int(millitokens))


@register.filter
def roughly(millitokens: int) -> str:
    """Millitokens as tokens, to be read at a glance; the exact number stands elsewhere."""
    return amounts.tokens_roughly(millitokens)


@register.filter
def rate(microcents: int | None) -> str:
    """Micro-cents per token as money per token."""
    return "" if microcents is None else amounts.rate_text(int(microcents))


@register.filter
def count(number: int | None) -> str:
    """A grouped whole number."""
    return "" if number is None else amounts.whole_text(int(number))


@register.filter
def share_of(part: int, whole: int) -> str:
    """`part` of `whole` in per cent."""
    return amounts.percent_text(int(part), int(whole))


@register.filter
def negated(number: int) -> int:
    """The number with its sign turned: liabilities and income are negative in the books."""
    return -number


@register.filter
def less(number: int, other: int) -> int:
    """The difference."""
    return number - other


@register.filter
def plus(number: int, other: int) -> int:
    """The sum."""
    return number + other


@register.filter
def day(value: dt.date | None) -> SafeString:
    """A date as `<time>`, written as the language writes dates."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    text = formats.date_format(local, amounts.day_format())
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), text)


@register.filter
def month(value: dt.datetime) -> str:
    """The month's name."""
    return formats.date_format(timezone.localtime(value), "F")


@register.filter
def moment(value: dt.datetime | None) -> SafeString:
    """Date and time to the minute as `<time>`, in the cooperative's timezone."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value)
    text = formats.date_format(local, amounts.day_format() + ", H:i")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), text)


@register.filter
def amount(value: int, commodity: Any) -> str:
    """An amount of a ledger commodity with its unit."""
    if commodity.kind == "money":
        return amounts.money_text(value)
    if commodity.kind == "unit":
        return ngettext("%(number)s share", "%(number)s shares", abs(value)) % {
            "number": amounts.whole_text(value)
        }
    return f"{amounts.tokens_text(value)} {unit(token_resource(commodity))}"


@register.filter
def commodity_name(commodity: Any) -> str:
    """A ledger commodity in words; the code says pool, resource and period."""
    if commodity.kind == "money":
        return _("Money, %(currency)s") % {"currency": commodity.code}
    parts = commodity.code.split(":")
    if commodity.kind == "unit":
        return _("Shares of %(pool)s") % {"pool": pool_named(parts[1])}
    return _("%(resource)s tokens of %(pool)s, %(period)s") % {
        "resource": resource_name(parts[2]),
        "pool": pool_named(parts[1]),
        "period": ":".join(parts[3:]),
    }


def pool_named(code: str) -> str:
    return Pool.objects.filter(code=code).values_list("name", flat=True).first() or code


def token_resource(commodity: Any) -> str:
    return str(commodity.code).split(":")[2]


@register.simple_tag
def owner_name(reader: Reader, owner: str) -> str:
    """An owner of an account as this reader may see it."""
    return reader.label(owner) or _("the cooperative")


@register.filter
def account_kind(kind: str) -> str:
    """An account kind in words."""
    return labels.account_kind(kind)


@register.filter
def transaction_kind(kind: str) -> str:
    """A transaction kind in words."""
    return labels.transaction_kind(kind)


@register.simple_tag
def unit(resource: Any) -> str:
    """What one token of a resource measures; takes the resource or its code."""
    return resource_units().get(code_of(resource)) or str(getattr(resource, "unit", resource))


@register.filter
def resource_name(resource: Any) -> str:
    """The resource's name in the reader's language."""
    return names.resource_name(resource)


@register.filter
def asset_kind(kind: str) -> str:
    """The kind of an asset in the reader's language."""
    return names.asset_kind(kind)


def code_of(resource: Any) -> str:
    return str(getattr(resource, "code", resource))


def resource_units() -> dict[str, str]:
    return {"bandwidth": _("GB"), "storage": _("GB·day"), "cpu": _("core·hours")}


@register.inclusion_tag("parts/bar.html")
def bar(used: int, total: int, over: int = 0, label: str = "") -> dict[str, Any]:
    """A bar filled by `used` of `total`; `over` comes on top, in amber.

    All three in the same integer unit. `label` replaces the spoken description.
    """
    width = max(total + over, used + over, 1)
    filled = amounts.rounded_ratio(used, width, BAR_WIDTH)
    beyond = amounts.rounded_ratio(over, width, BAR_WIDTH)
    spoken = label or _("%(percent)s used") % {"percent": amounts.percent_text(used + over, total)}
    return {"filled": filled, "beyond": beyond, "label": spoken, "width": BAR_WIDTH}


@register.inclusion_tag("parts/bar.html")
def share_bar(part: int, whole: int) -> dict[str, Any]:
    """A bar filled by the part of the whole that members own."""
    return {
        "filled": amounts.rounded_ratio(part, whole, BAR_WIDTH),
        "beyond": 0,
        "label": _("%(percent)s owned by members") % {"percent": amounts.percent_text(part, whole)},
        "width": BAR_WIDTH,
    }


@register.inclusion_tag("parts/quorum.html")
def quorum_bar(reached: int, needed: int, total: int, label: str) -> dict[str, Any]:
    """A bar of `total` filled by `reached`, with a mark at `needed`."""
    scale = max(total, 1)
    return {
        "filled": amounts.rounded_ratio(reached, scale, BAR_WIDTH),
        "mark": min(amounts.rounded_ratio(needed, scale, BAR_WIDTH), BAR_WIDTH - 4),
        "label": label,
        "width": BAR_WIDTH,
    }


@register.inclusion_tag("parts/field.html")
def field(bound: forms.BoundField) -> dict[str, Any]:
    """Label, help, widget and errors of one form field."""
    widget = bound.field.widget
    return {
        "field": bound,
        "check": isinstance(widget, forms.CheckboxInput),
        "group": isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple),
    }


@register.inclusion_tag("parts/form_errors.html")
def form_errors(form: forms.BaseForm, books: bool = True) -> dict[str, Any]:
    """The list of what is wrong, each line a link to its field; nothing where all is well.

    `books` is false for a form that would not have booked anything: it need not say so.
    """
    return {"form": form, "books": books}


@register.inclusion_tag("parts/copyable.html")
def copyable(value: Any, label: str = "") -> dict[str, Any]:
    """A code or key that can be selected, and copied by a button where there is script."""
    return {"value": str(value), "label": label or _("Copy")}


@register.inclusion_tag("parts/column_chart.html")
def column_chart(
    points: list[tuple[str, int, int]],
    unit: str,
    title: str,
    label: str = "",
    links: list[str] | None = None,
) -> dict[str, Any]:
    """Columns over time with the same numbers in a table.

    `points` are (label, within millitokens, over millitokens) in order; `links` where each column
    and its row lead to, "" for nowhere.
    """
    urls = links or [""] * len(points)
    return {
        "wide": charts.columns(points, links=urls),
        "narrow": charts.columns(points, width=340, height=190, ticks=4, links=urls),
        "points": [(*point, url) for point, url in zip(points, urls, strict=True)],
        "linked": any(urls),
        "unit": unit,
        "title": title,
        "label": label or _("When"),
        "any_over": any(over for _label, _within, over in points),
    }


@register.inclusion_tag("parts/nav_item.html", takes_context=True)
def nav_item(context: template.Context, name: str, label: str) -> dict[str, Any]:
    """One entry of the main navigation; marked when the page lies below it."""
    url = reverse(name)
    request = context.get("request")
    path = request.path if request else ""
    return {
        "url": url,
        "label": label,
        "here": path == url,
        "below": url != "/" and path.startswith((url, *ALSO_BELOW.get(name, ()))),
    }
