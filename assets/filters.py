"""The filters of the register, the same on the page and in the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool
from assets.names import asset_kind
from assets.register import OWNED

HAVE, ALL = "", "all"


def kinds() -> list[tuple[str, str]]:
    """The types that stand on the register, in the reader's language."""
    found = Asset.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, asset_kind(kind)) for kind in found]


def states() -> list[tuple[str, Any]]:
    """Every state, and all of them together."""
    return [*Asset.State.choices, (ALL, _("all that ever stood here"))]


class AssetFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By words, pool, type and state; without a state, what we have."""

    q = django_filters.CharFilter(label=_("Search"), method="by_words", max_length=80)
    pool = django_filters.ModelChoiceFilter(
        label=_("Pool"),
        queryset=Pool.objects.order_by("code"),
        to_field_name="code",
        empty_label=_("all"),
    )
    kind = django_filters.ChoiceFilter(label=_("Type"), choices=kinds, empty_label=_("all"))
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=states,
        empty_label=_("what we have"),
        method="by_state",
    )

    class Meta:
        model = Asset
        fields = ("q", "pool", "kind", "state")

    def by_words(self, rows: QuerySet[Asset], name: str, words: str) -> QuerySet[Asset]:
        """Every word in what everybody may read of an asset."""
        for word in words.split()[:8]:
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(code__icontains=word)
                | Q(kind__icontains=word)
                | Q(manufacturer__icontains=word)
                | Q(model_name__icontains=word)
                | Q(place__icontains=word)
            )
        return rows

    def by_state(self, rows: QuerySet[Asset], name: str, state: str) -> QuerySet[Asset]:
        """One state, or all."""
        return rows if state == ALL else rows.filter(state=state)

    def filter_queryset(self, rows: QuerySet[Asset]) -> QuerySet[Asset]:
        """What we have, where no state was chosen."""
        if not self.form.cleaned_data.get("state"):
            rows = rows.filter(state__in=OWNED)
        found: QuerySet[Asset] = super().filter_queryset(rows)
        return found
