"""The one object for this member, or a refusal."""

from django.http import Http404, QueryDict

from members.models import Member
from tokens.models import Gift, Loan, Offer, Period
from tokens.queries import current_period


def period_or_404(code: str) -> Period:
    """The period with this code."""
    found = Period.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return found


def asked_period(sent: QueryDict) -> Period | None:
    """The period that an address names, else the one that is open or being closed."""
    code = sent.get("period", "")
    return period_or_404(code) if code else current_period()


def gift_to(member: Member, gift_id: int) -> Gift:
    """A gift that was made to this member; others do not exist for them."""
    found = Gift.objects.filter(pk=gift_id, receiver__member=member).first()
    if found is None:
        raise Http404
    return found


def offer_of(member: Member, offer_id: int) -> Offer:
    """An offer that this member made; others do not exist for them."""
    found = Offer.objects.filter(pk=offer_id, member=member).first()
    if found is None:
        raise Http404
    return found


def gift_from(member: Member, gift_id: int) -> Gift:
    """A gift that this member made; others do not exist for them."""
    found = Gift.objects.filter(pk=gift_id, giver__member=member).first()
    if found is None:
        raise Http404
    return found


def loan_of(member: Member, loan_id: int, *, borrowed: bool) -> Loan:
    """A loan to this member, or by them; others do not exist for them."""
    mine = {"borrower__member": member} if borrowed else {"lender__member": member}
    found = Loan.objects.filter(pk=loan_id, **mine).first()
    if found is None:
        raise Http404
    return found
