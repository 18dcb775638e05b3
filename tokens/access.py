"""The one object for this member, or a refusal."""

from django.http import Http404

from members.models import Member
from tokens.models import Gift, Loan, Offer, Period


def period_or_404(code: str) -> Period:
    """The period with this code."""
    found = Period.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return found


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
