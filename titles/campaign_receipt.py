"""The receipt of money paid ahead: what it waits for, and when it vests. Set as PDF/UA."""

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assets.names import resource_name
from ledger.letterhead import letterhead
from ledger.typesetting import typeset
from payments.errors import cents_text
from titles.campaigns import yields_of
from titles.models import Prepayment

TEMPLATE = "titles/pdf/receipt.typ"


def receipt_pdf(prepayment: Prepayment) -> bytes:
    """The receipt as an A4 page, in the reader's language."""
    return typeset(TEMPLATE, receipt_facts(prepayment))


def receipt_facts(prepayment: Prepayment) -> dict[str, object]:
    """All that the page says: a title, pairs of a name and a value, sentences."""
    campaign, charge = prepayment.campaign, prepayment.charge
    yields = ", ".join(f"{amount} {r.unit} {resource_name(r)}" for r, amount in yields_of(campaign))
    return {
        "title": _("Receipt for money paid ahead"),
        "cooperative": letterhead().cooperative,
        "language": (get_language() or "en")[:2],
        "facts": [
            (_("Received from"), f"{prepayment.member.name} ({prepayment.member.number})"),
            (_("Amount"), f"{cents_text(prepayment.amount)} {_currency()}"),
            (_("Received on"), date_format(charge.payment.received_on)),
            (_("Reference"), charge.reference),
            (_("To be bought"), f"{campaign.name} ({campaign.pool.name})"),
            (_("It costs"), f"{cents_text(campaign.goal)} {_currency()}"),
            (_("It will yield in a period"), yields),
            (_("Planned to begin its service"), date_format(campaign.planned_on)),
        ],
        "sentences": [what_it_waits_for(), what_if_not()],
        "foot": _("Made %(day)s") % {"day": date_format(timezone.localdate())},
    }


def _currency() -> str:
    return str(settings.COOP_CURRENCY)


def what_it_waits_for() -> str:
    """When the money becomes shares."""
    return _(
        "This money is your equity credit. It waits for this thing alone: on the day on which "
        "it is bought it becomes shares at the issue price of that day, before any other credit, "
        "as far as whole shares and your cap allow. What is left over stays your credit."
    )


def what_if_not() -> str:
    """What becomes of the money where nothing is bought."""
    return _(
        "If it is not bought, the money becomes ordinary credit of yours: it turns into other "
        "shares, or it is paid out, as the rules of the cooperative say."
    )
