"""This charge for this user, or none at all."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from members.models import Role
from members.queries import holds_role, member_of
from payments.models import Charge

SEES_ALL = (Role.Name.STEWARD, Role.Name.TREASURER, Role.Name.AUDITOR)


def charges_for(user: Any) -> QuerySet[Charge]:
    """The charges that a user may see: their own; those with an office see all."""
    if holds_role(user, *SEES_ALL):
        return Charge.objects.all()
    return Charge.objects.filter(member=member_of(user))


def charge_or_404(user: Any, charge_id: int) -> Charge:
    """A charge that this user may see; others do not exist for them."""
    found = charges_for(user).select_related("member", "payment").prefetch_related("lines")
    return get_object_or_404(found, pk=charge_id)
