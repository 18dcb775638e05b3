"""Who may do what: the one place for permissions that rest on the register."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from members.models import Member, User
from members.queries import is_steward, member_of

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
WITH_RIGHTS = (Member.State.ACTIVE, Member.State.LEAVING)


def steward_required(view: View) -> View:
    """Let only stewards in; others get 403, visitors the login page."""
    return _only_if(is_steward, view)


def member_required(view: View) -> View:
    """Let only admitted members in; others are led to the page on joining."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_rights(member_of(request.user)):
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


def the_member(request: HttpRequest | Request) -> Member:
    """The member who asks; raises PermissionDenied for everybody else."""
    member = member_of(request.user)
    if member is None or not has_rights(member):
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
        return has_rights(member_of(request.user))


def applicant_or_404(member_id: int) -> Member:
    """Somebody who applied, decided or not; raises Http404."""
    return get_object_or_404(Member.objects.select_related("user"), pk=member_id)
