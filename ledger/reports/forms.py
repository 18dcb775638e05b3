"""What readers may ask of the reports, checked."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.access import Reader
from ledger.asof import Window
from ledger.letterhead import letterhead
from ledger.models import Commodity
from ledger.reports.asked import LAST_YEAR, PREVIOUS, Asked
from ledger.reports.entries import Cursor
from ledger.reports.shape import Rows
from ledger.reports.spans import Span, midnight, recent, span_of

OWN_DAYS = "days"
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
NEWEST_TOKENS = 60
SIDES = [("", ""), ("debit", "debit"), ("credit", "credit")]
WAYS = [("", ""), ("in", "in"), ("out", "out")]
ACCOUNTS = r"\A[0-9]{1,18}(,[0-9]{1,18}){0,999}\Z"
PARTS = [("", ""), ("open", "open"), ("closing", "closing")]


ONE_OF_THE_LIST = {"invalid_choice": _("This is not in the list. Choose one that is.")}


def day_field(label: Any) -> forms.DateField:
    """A day that need not be given."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
        error_messages={"invalid": _("There is no such day. Write it like 2026-06-30.")},
    )


class MomentInput(forms.DateTimeInput):
    """A control for a moment; shows one that came with its timezone in the cooperative's."""

    def format_value(self, value: Any) -> str | None:
        """The moment as the control wants it; what is none is left as it was given."""
        try:
            found = datetime.fromisoformat(str(value).replace(" ", "+"))
            local = found if timezone.is_naive(found) else timezone.localtime(found)
        except (ValueError, OverflowError):
            return None
        return local.replace(tzinfo=None).isoformat(timespec="minutes")


class Moment(forms.DateTimeField):
    """A moment with or without its timezone; without one it is the cooperative's."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": _("Say from when."),
        "invalid": _("There is no such moment. Write it like 2026-06-30 18:00."),
    }

    def to_python(self, value: Any) -> datetime | None:
        """The moment, aware."""
        if value in self.empty_values:
            return None
        try:
            found = datetime.fromisoformat(str(value).replace(" ", "+"))
            aware = timezone.make_aware(found) if timezone.is_naive(found) else found
            return aware.astimezone(timezone.get_current_timezone())
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


def moment_field() -> Moment:
    """As of which knowledge; empty for now."""
    return Moment(
        label=_("As known at"),
        required=False,
        widget=MomentInput({"type": "datetime-local"}),
    )


class Days(forms.Form):
    """A first and a last day, in this order, and the moment of knowledge."""

    first = day_field(_("First day"))
    last = day_field(_("Last day"))
    known = moment_field()

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, or of no calendar that people use."""
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        for name, value in (("first", first), ("last", last)):
            if value and not FIRST_DAY <= value <= LAST_DAY:
                self.add_error(name, _("Give a day of our time."))
        return values


class ReportForm(Days):
    """Which report: the days, beside which others, of which pool, as known when."""

    period = forms.ChoiceField(
        label=_("Period"),
        error_messages={
            "invalid_choice": _(
                "There is no such period. Choose one of the list, or days of your own."
            )
        },
    )
    compare = forms.ChoiceField(
        label=_("Beside it"),
        required=False,
        choices=[
            ("", _("Nothing")),
            (PREVIOUS, _("The period before")),
            (LAST_YEAR, _("The same a year before")),
        ],
        error_messages=ONE_OF_THE_LIST,
    )
    pool = forms.ChoiceField(label=_("Pool"), required=False, error_messages=ONE_OF_THE_LIST)
    commodity = forms.ChoiceField(
        label=_("Of what"), required=False, error_messages=ONE_OF_THE_LIST
    )
    field_order = ("period", "first", "last", "compare", "pool", "commodity", "known")

    def __init__(self, asked: MultiValueDict[str, Any], *, counts: bool = False) -> None:
        given = {name: asked.get(name, "") for name in self.base_fields}
        given["period"] = given["period"] or timezone.localdate().strftime("%Y-%m")
        super().__init__(given)
        self._offer("period", _periods(given["period"]))
        self._offer("pool", [("", gettext("All pools together")), *letterhead().pools.items()])
        if counts:
            self._offer("commodity", _commodities(given["commodity"]))
        else:
            del self.fields["commodity"]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Days of one's own need both of them."""
        values = super().clean()
        if values.get("period") == OWN_DAYS:
            for name in ("first", "last"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Give the day."))
        return values

    def asked(self, reader: Reader) -> Asked:
        """The question; the form is valid."""
        values = self.cleaned_data
        commodity = values.get("commodity")
        return Asked(
            span=self._span(),
            known=values["known"],
            compare=values["compare"],
            pool=values["pool"],
            commodity=int(commodity) if commodity else None,
            reader=reader,
        )

    def _span(self) -> Span:
        values = self.cleaned_data
        named = span_of(values["period"])
        return named or Span(values["first"], values["last"] + Span.DAY)


class RowsForm(Days):
    """Which entries: of some accounts, between days; the cursor says where the page begins."""

    kind = forms.CharField(required=False, max_length=1000)
    pool = forms.CharField(required=False, max_length=60)
    commodity = forms.CharField(required=False, max_length=120)
    accounts = forms.RegexField(
        ACCOUNTS,
        required=False,
        error_messages={"invalid": _("Name accounts by their numbers, like 12 or 12,13.")},
    )
    side = forms.ChoiceField(required=False, choices=SIDES, error_messages=ONE_OF_THE_LIST)
    way = forms.ChoiceField(required=False, choices=WAYS, error_messages=ONE_OF_THE_LIST)
    part = forms.ChoiceField(required=False, choices=PARTS, error_messages=ONE_OF_THE_LIST)
    txn = forms.CharField(required=False, max_length=40)
    before = forms.CharField(required=False, max_length=120)

    def clean_before(self) -> Cursor | None:
        """The cursor; a broken one is refused."""
        text = self.cleaned_data["before"]
        try:
            return Cursor.read(text.replace(" ", "+")) if text else None
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("This is no place in the list.")) from None

    def clean(self) -> dict[str, Any]:
        """Some accounts must be named: the whole of the books has pages of its own."""
        values = super().clean()
        if not (values.get("kind") or values.get("accounts")):
            raise forms.ValidationError(_("Choose an account, or a kind of account."))
        return values

    def rows(self) -> Rows:
        """The entries; the form is valid."""
        values = self.cleaned_data
        first, last = values["first"], values["last"]
        window = Window(
            start=midnight(first) if first else None,
            end=midnight(last + Span.DAY) if last else None,
            known=values["known"],
        )
        return Rows(
            kinds=tuple(filter(None, values["kind"].split(","))),
            window=window,
            accounts=tuple(int(pk) for pk in filter(None, values["accounts"].split(","))),
            **{name: values[name] for name in ("pool", "commodity", "side", "way", "part", "txn")},
        )


def _periods(given: str) -> list[tuple[str, str]]:
    offered = {span.code: span.label for span in recent(timezone.localdate())}
    named = span_of(given)
    if named:
        offered.setdefault(named.code, named.label)
    return [*offered.items(), (OWN_DAYS, gettext("Days of my own"))]


def _commodities(given: str) -> list[tuple[str, str]]:
    """Money, shares and the newest tokens by code; also what is asked for."""
    found = Commodity.objects.order_by("pk")
    money_and_units = found.exclude(kind=Commodity.Kind.TOKEN)
    tokens = found.filter(kind=Commodity.Kind.TOKEN).order_by("-pk")[:NEWEST_TOKENS]
    more = found.filter(pk=int(given)) if given.isdecimal() and len(given) < 9 else found.none()
    pools = letterhead().pools
    rows = {one.pk: _called(one, pools) for one in (*money_and_units, *tokens, *more)}
    return [("", gettext("Money")), *((str(pk), name) for pk, name in rows.items())]


def _called(commodity: Commodity, pools: Mapping[str, str]) -> str:
    """A commodity in words; pools by their names, the rest as the code has it."""
    kind, *rest = commodity.code.split(":")
    pool = pools.get(rest[0], rest[0]) if rest else ""
    if kind == "unit":
        return gettext("Shares of %(pool)s") % {"pool": pool}
    if kind == "token":
        values = {"pool": pool, "what": " ".join(rest[1:])}
        return gettext("Tokens of %(pool)s: %(what)s") % values
    return commodity.code
