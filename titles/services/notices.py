"""What payment services tell: booked once, or kept with the reason why not."""

from django.db import transaction

from ledger.errors import DomainError
from payments.errors import UnknownReference
from payments.models import Payment, ProviderNotice
from payments.providers import Fact
from payments.queries import charge_by_reference
from payments.references import compact
from titles.services.payment import Arrival, accept_arrivals


@transaction.atomic(durable=True)
def accept_notice(*, provider: str, fact: Fact) -> ProviderNotice:
    """Book a verified fact of a payment service; the same one again gives the first result.

    Where it cannot be booked (paid before, another amount) the notice is kept with the reason, for
    the treasurer: the money is at the service and has to go back.
    """
    try:
        with transaction.atomic():
            payment, refusal = _pay(provider, fact), ""
    except DomainError as error:
        payment, refusal = None, str(error)[:200]
    notice, _made = ProviderNotice.objects.get_or_create(
        provider=provider,
        notice=fact.notice,
        defaults={
            "reference": fact.reference[:25],
            "amount": fact.amount,
            "received_on": fact.received_on,
            "payment": payment,
            "refusal": refusal,
        },
    )
    return notice


def _pay(provider: str, fact: Fact) -> Payment:
    charge = charge_by_reference(compact(fact.reference))
    if charge is None:
        raise UnknownReference(reference=fact.reference)
    arrival = Arrival(
        charge_id=charge.pk,
        amount=fact.amount,
        received_on=fact.received_on,
        key=f"{provider}:{fact.notice}"[:80],
        source=Payment.Source.PROVIDER,
        source_about=f"{provider}:{fact.notice}"[:120],
    )
    return accept_arrivals(arrivals=[arrival], actor=None)[0]
