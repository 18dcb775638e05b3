"""What each line is for, as far as it can be known without a guess. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_noop

from bank.models import Line
from payments.models import Charge, PaymentReturn, Payout

State = Line.State
SEVERAL = gettext_noop("Its text names several of our references.")
CANCELLED = gettext_noop("The charge that it names was cancelled.")
EARLY = gettext_noop("It came before the charge was raised.")
TWICE = gettext_noop("Another line of this import pays the same charge.")
BACK = gettext_noop("It takes an earlier payment back, but which one is not clear.")
LEFT = gettext_noop("Money left the account.")
CAME_BACK = gettext_noop("Money that we had sent came back.")


@dataclass(frozen=True)
class Found:
    """A line, the state that fits it, and what it is about."""

    line: Line
    state: str
    charge: Charge | None = None
    payout: Payout | None = None
    note: str = ""


def plan(lines: Sequence[Line]) -> list[Found]:
    """For each line, in order, what it is for: a few statements however many lines there are."""
    charges = _charges(lines)
    payouts = {
        payout.reference: payout
        for payout in Payout.objects.filter(reference__in=_payout_names(lines))
    }
    taken: set[int] = set()
    found = []
    for line in lines:
        one = _of_ours(line, payouts) or _of_charge(line, charges)
        charge = one.charge if one.state == State.MATCHED else None
        if charge is not None and charge.pk in taken:
            one = Found(line, State.DUPLICATE, charge, note=TWICE)
        elif charge is not None:
            taken.add(charge.pk)
        found.append(one)
    return found


def _of_ours(line: Line, payouts: Mapping[str, Payout]) -> Found | None:
    """A payout that left or came back; None for money that members sent."""
    payout = payouts.get(line.end_to_end.upper())
    if payout is not None and payout.amount == abs(line.amount):
        return Found(line, State.MATCHED, payout=payout)
    if line.amount < 0:
        return Found(line, State.BY_HAND, note=BACK if line.is_return else LEFT)
    return Found(line, State.BY_HAND, note=CAME_BACK) if line.is_return else None


def _of_charge(line: Line, charges: Mapping[str, Charge]) -> Found:
    named = {charges[r].pk: charges[r] for r in line.references if r in charges}
    if not named:
        return Found(line, State.UNKNOWN)
    if len(named) > 1:
        return Found(line, State.BY_HAND, note=SEVERAL)
    charge = next(iter(named.values()))
    if charge.state == Charge.State.PAID:
        return Found(line, State.DUPLICATE, charge)
    if charge.state != Charge.State.OPEN:
        return Found(line, State.BY_HAND, charge, note=CANCELLED)
    return _of_open(line, charge)


def _of_open(line: Line, charge: Charge) -> Found:
    if line.amount != charge.amount:
        less = line.amount < charge.amount
        return Found(line, State.PARTLY if less else State.OVER, charge)
    if line.booked_on < timezone.localdate(charge.created_at):
        return Found(line, State.BY_HAND, charge, note=EARLY)
    return Found(line, State.MATCHED, charge)


def _charges(lines: Iterable[Line]) -> dict[str, Charge]:
    """The charges by the references that lines name; a returned one gives that in its place."""
    named = {reference for line in lines for reference in line.references}
    found = {c.reference: c for c in Charge.objects.filter(reference__in=named)}
    wanted = {c.pk: r for r, c in found.items() if c.state == Charge.State.RETURNED}
    while wanted:
        returns = PaymentReturn.objects.filter(payment__charge__in=wanted).select_related(
            "payment", "again"
        )
        later = {}
        for one in returns:
            if one.again is not None:
                reference = wanted[one.payment.charge_id]
                found[reference] = one.again
                if one.again.state == Charge.State.RETURNED:
                    later[one.again.pk] = reference
        wanted = later
    return found


def _payout_names(lines: Iterable[Line]) -> set[str]:
    return {line.end_to_end.upper() for line in lines if line.end_to_end}
