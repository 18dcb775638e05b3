"""This title, this purchase for this user, or none at all."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from assets.models import Pool
from members.queries import is_auditor
from payments.models import Charge
from titles.models import Subscription, Title
from titles.queries import title_by_number

SEEN = ("pool", "member", "charge__payment", "title")


def pool_or_404(code: str) -> Pool:
    """The pool with this code."""
    return get_object_or_404(Pool, code=code)


def subscription_or_404(user: Any, subscription_id: int) -> Subscription:
    """A purchase of this user; those who may read the books see all."""
    found = Subscription.objects.select_related(*SEEN)
    if not is_auditor(user):
        found = found.filter(member__user_id=user.pk)
    return get_object_or_404(found, pk=subscription_id)


def title_for(user: Any, number: int) -> Title:
    """A title that this user holds; those who may read the books see all."""
    title = public_title(number)
    if title.member.user_id != user.pk and not is_auditor(user):
        raise Http404
    return title


def public_title(number: int) -> Title:
    """The title with this number, for what anyone may know of it."""
    title = title_by_number(number)
    if title is None:
        raise Http404
    return title


def charge_or_404(charge_id: int) -> Charge:
    """Any charge, paid or not, for a steward who marks it as paid."""
    found = Charge.objects.select_related("member", "payment").prefetch_related("lines")
    return get_object_or_404(found, pk=charge_id)
