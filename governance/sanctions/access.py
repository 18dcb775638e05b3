"""This sanction, this panel for this reader, or a refusal."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from governance.models import Sanction, SanctionAppeal
from governance.sanctions.queries import appeals, sanctions
from members.models import Member
from members.queries import is_auditor, is_steward, member_of

Asked = HttpRequest | Request


def sanction_for(request: Asked, sanction_id: int) -> Sanction:
    """The sanction, for its member, for stewards and auditors; raises Http404, PermissionDenied."""
    row = get_object_or_404(sanctions(), pk=sanction_id)
    member = member_of(request.user)
    if row.member != member and not is_auditor(request.user):
        raise PermissionDenied
    return row


def may_end(request: Asked, row: Sanction) -> bool:
    """Whether this reader may end it early: another steward than the member (R18)."""
    return is_steward(request.user) and row.member != member_of(request.user)


def panel_for(request: Asked, appeal_id: int) -> tuple[SanctionAppeal, Member]:
    """The appeal, for those whom the lot drew for it; raises Http404."""
    row = get_object_or_404(appeals(), pk=appeal_id)
    member = member_of(request.user)
    seats = row.panel.filter(member=member, declined_at=None)
    return row, get_object_or_404(seats.select_related("member")).member
