"""What a correction says, checked: since when it counts, what moves, and why."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.access import Reader
from ledger.corrections.queries import began
from ledger.corrections.rules import BY_HAND, rule_of
from ledger.exports.words import decimal
from ledger.labels import account_kind
from ledger.models import Account, Entry, Transaction
from ledger.reports.forms import Moment
from ledger.services import Leg

MORE = 2
"""lines in which another account can be named"""
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
TOO_EARLY = _("The books begin on %(day)s. Give a moment since then.")
AMOUNT = re.compile(r"([-−]?)([0-9]{1,15})(?:[.,]([0-9]+))?")


def minor_from(text: str, exponent: int) -> int:
    """An amount of the smallest unit from "-12.5"; raises ValidationError, never guesses."""
    found = AMOUNT.fullmatch(text.strip())
    if found is None or len(found[3] or "") > exponent:
        raise forms.ValidationError(_("Write the amount like 20.00 or -20.00."), code="amount")
    amount = int(found[2] + (found[3] or "").ljust(exponent, "0"))
    return -amount if found[1] else amount


class AmountField(forms.CharField):
    """An amount with its sign; the cleaned value is whole smallest units, None where empty."""

    def __init__(self, exponent: int, **options: Any) -> None:
        self.exponent = exponent
        super().__init__(max_length=24, widget=forms.TextInput({"inputmode": "decimal"}), **options)

    def clean(self, value: Any) -> Any:
        """Smallest units as an int."""
        text = super().clean(value)
        return minor_from(text, self.exponent) if text else None


class CorrectionForm(forms.Form):
    """What should have been booked; amounts only where the rule lets them be corrected."""

    effective_at = Moment(
        label=_("Counts from"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(
        label=_("Why"),
        help_text=_(
            "Stands in the books for ever. Everybody can read it, unless a member's account is "
            "concerned."
        ),
        max_length=300,
    )
    nothing = forms.BooleanField(
        label=_("It never happened"),
        help_text=_("Only take it back; book nothing in its place."),
        required=False,
    )

    def __init__(
        self, data: Any, txn: Transaction, entries: Sequence[Entry], reader: Reader
    ) -> None:
        super().__init__(data, initial={"effective_at": txn.effective_at})
        self.txn, self.entries, self.rule = txn, entries, rule_of(txn)
        self.reader = reader
        if self.rule.amounts:
            self._offer_amounts()
        else:
            del self.fields["nothing"]

    def _offer_amounts(self) -> None:
        for entry in self.entries:
            commodity = entry.account.commodity
            self.fields[f"amount_{entry.version}_{entry.account_id}"] = AmountField(
                commodity.exponent,
                label=self._called(entry.account),
                required=False,
                initial=decimal(entry.amount, commodity.exponent),
            )
        commodities = {entry.commodity_id: entry.account.commodity for entry in self.entries}
        exponent = min(commodity.exponent for commodity in commodities.values())
        known = [("", "–"), *self._by_hand(list(commodities))]
        for n in range(MORE):
            self.fields[f"more_{n}"] = forms.ChoiceField(
                label=_("Another account"), required=False, choices=known
            )
            self.fields[f"more_amount_{n}"] = AmountField(
                exponent, label=_("Amount"), required=False
            )

    def clean_effective_at(self) -> datetime:
        """The moment; the original's own where the reader left its minute as it is."""
        given: datetime = self.cleaned_data["effective_at"]
        own = timezone.localtime(self.txn.effective_at)
        if given == own.replace(second=0, microsecond=0):
            return self.txn.effective_at
        if given < (begun := max(EARLIEST, began() or EARLIEST)):
            values = {"day": formats.date_format(timezone.localtime(begun), gettext("j F Y"))}
            raise forms.ValidationError(TOO_EARLY, code="too_early", params=values)
        return given

    def amounts(self) -> list[forms.BoundField]:
        """The fields of what moves: each entry, then accounts that can be added."""
        return [self[name] for name in self.fields if name.startswith(("amount_", "more_"))]

    def legs(self) -> list[Leg] | None:
        """What moves; None where amounts stay. The form is valid."""
        values = self.cleaned_data
        if not self.rule.amounts:
            return None
        if values["nothing"]:
            return []
        named = [(e.account_id, values[f"amount_{e.version}_{e.account_id}"]) for e in self.entries]
        others = [(values[f"more_{n}"], values[f"more_amount_{n}"]) for n in range(MORE)]
        return [Leg(int(pk), amount) for pk, amount in (*named, *others) if pk and amount]

    def _by_hand(self, commodities: Sequence[int]) -> list[tuple[str, str]]:
        """The accounts that an entry by hand may move, in words."""
        rows = Account.objects.filter(kind__in=BY_HAND, commodity__in=commodities)
        return [(str(row.pk), self._called(row)) for row in rows.order_by("kind", "owner")]

    def _called(self, account: Account) -> str:
        label, owner = account_kind(account.kind), self.reader.label(account.owner)
        return f"{label}, {owner}" if owner else label
