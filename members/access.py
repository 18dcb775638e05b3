"""Who may do what: the one place for permissions that rest on the register."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from members.models import Member, User
from members.queries import is_auditor, is_steward, member_of

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
WITH_RIGHTS = (Member.State.ACTIVE, Member.State.LEAVING)
READING = (*WITH_RIGHTS, Member.State.SUSPENDED)


def steward_required(view: View) -> View:
    """Let only stewards in; others get 403, visitors the login page."""
    return _only_if(is_steward, view)


def register_reader_required(view: View) -> View:
    """Let only stewards, treasurers and auditors in; others get 403, visitors the login page."""
    return _only_if(is_auditor, view)


def auditor_required(view: View) -> View:
    """Let only those in who read the books by name: stewards, treasurers, auditors."""
    return _only_if(is_auditor, view)


def member_required(view: View) -> View:
    """Let only admitted members in; others are led to the page on joining.

    Who is suspended may read everything of theirs, and gets 403 where they would act.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = member_of(request.user)
        if not may_read(member):
            return redirect("members:apply")
        if not may(member, request):
            raise PermissionDenied(_("Your membership is suspended: you can read, but not act."))
        return view(request, *args, **kwargs)

    return cast(View, login_required(guarded))


def on_register_required(view: View) -> View:
    """Let everybody in who is on the register in any state; others are led to joining."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if member_of(request.user) is None:
            return redirect("members:apply")
        return view(request, *args, **kwargs)

    return cast(View, login_required(guarded))


def _only_if(allowed: Callable[[Any], bool], view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not allowed(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast(View, login_required(guarded))


def has_rights(member: Member | None) -> bool:
    """Whether this is an admitted member."""
    return member is not None and member.state in WITH_RIGHTS


def may_read(member: Member | None) -> bool:
    """Whether this is an admitted member, or one who is suspended."""
    return member is not None and member.state in READING


def may(member: Member | None, request: HttpRequest | Request) -> bool:
    """Whether this member may do what the request asks: read, or act."""
    return may_read(member) if request.method in SAFE_METHODS else has_rights(member)


def the_member(request: HttpRequest | Request) -> Member:
    """The member who asks; raises PermissionDenied for everybody else.

    Suspended members count where the request only reads.
    """
    member = member_of(request.user)
    if member is None or not may(member, request):
        raise PermissionDenied
    return member


def the_one_on_the_register(request: HttpRequest | Request) -> Member:
    """Who asks, in whatever state they are on the register; raises PermissionDenied."""
    member = member_of(request.user)
    if member is None:
        raise PermissionDenied
    return member


def the_user(request: HttpRequest | Request) -> User:
    """The user who asks; raises PermissionDenied for visitors."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class IsMember(BasePermission):
    """API: admitted members only."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return may(member_of(request.user), request)


class IsOnRegister(BasePermission):
    """API: everybody on the register, in any state."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return member_of(request.user) is not None


class ReadsRegister(BasePermission):
    """API: stewards, treasurers and auditors."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_auditor(request.user)


class IsSteward(BasePermission):
    """API: stewards."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_steward(request.user)


def member_or_404(member_id: int) -> Member:
    """Somebody on the register in any state; raises Http404."""
    return get_object_or_404(Member.objects.select_related("user"), pk=member_id)


def applicant_or_404(member_id: int) -> Member:
    """Somebody who applied, decided or not; raises Http404."""
    return get_object_or_404(Member.objects.select_related("user"), pk=member_id)
