"""Tags of the market's pages: the picture of prices, and what made one."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from coop import charts
from tokens.market_queries import PricePoint
from tokens.models import Yield

register = template.Library()


@register.inclusion_tag("tokens/market/price_chart.html")
def price_chart(points: Sequence[PricePoint], title: str) -> dict[str, Any]:
    """Price and cost period by period, a ring where an auction sold; the same in a table."""
    rows = [(p.row.period.code, p.row.price, p.row.sale_cost, p.average) for p in points]
    return {
        "wide": charts.prices(rows, width=560, height=200, ticks=6),
        "narrow": charts.prices(rows, width=290, height=170, ticks=2),
        "points": points,
        "title": title,
        "any_sold": any(point.average is not None for point in points),
    }


@register.filter
def price_words(row: Yield) -> str:
    """Which rule made the posted price, as a sentence."""
    return {
        "stewards": _("The stewards set this price."),
        "lowered": _(
            "Lowered from the stewards’ price: tokens that members offered stayed unsold."
        ),
        "cost_plus": _("The cost of a token and an agreed part of it."),
        "auction": _("What the last auction came to."),
        "limited": _("On its way to what the last auction came to, as far as one step may go."),
        "kept": _("As in the period before: no auction sold enough to move it."),
        "cost": _("The cost of a token: the price would have been below it."),
    }.get(row.price_rule, "")
