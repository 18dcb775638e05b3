"""Who may read the bank desk, who may decide there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bank.models import Line
from bank.queries import line_of
from members.models import Role
from members.queries import holds_role

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
DECIDE = (Role.Name.TREASURER, Role.Name.STEWARD)
READ = (*DECIDE, Role.Name.AUDITOR)


def may_decide(user: Any) -> bool:
    """Whether a user may import statements and decide about their lines."""
    return holds_role(user, *DECIDE)


def reader_required(view: View) -> View:
    """Let only those in who may read the desk; others get 403, visitors the login page."""
    return _only(view, *READ)


def desk_required(view: View) -> View:
    """Let only treasurers and stewards in."""
    return _only(view, *DECIDE)


def line_or_404(line_id: int) -> Line:
    """A line with all that its page shows; raises Http404."""
    try:
        return line_of(line_id)
    except Line.DoesNotExist as error:
        raise Http404 from error


class MayUseDesk(BasePermission):
    """API: auditors read, treasurers and stewards write too."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return holds_role(request.user, *(READ if request.method in SAFE_METHODS else DECIDE))


def _only(view: View, *offices: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not holds_role(request.user, *offices):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast(View, login_required(guarded))
