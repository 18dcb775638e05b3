"""What the pages have in common: who may act, and a form that does something."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from ledger.errors import DomainError
from members.models import Role
from members.queries import holds_role

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SEE = (Role.Name.TREASURER, Role.Name.STEWARD, Role.Name.AUDITOR)


def desk_reader_required(view: View) -> View:
    """Let those with an office of the books see a desk; others get 403."""
    return _only(view, *SEE)


def treasurer_required(view: View) -> View:
    """Let only treasurers act; others get 403."""
    return _only(view, Role.Name.TREASURER)


def is_treasurer(request: HttpRequest) -> bool:
    """Whether the reader holds the office of treasurer now."""
    return holds_role(request.user, Role.Name.TREASURER)


def done(form: forms.Form, do: Callable[[], object]) -> bool:
    """Whether the form is valid and what it asks for was done; a refusal stands in the form."""
    if not form.is_valid():
        return False
    try:
        do()
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


def onward(request: HttpRequest, url: str, message: str) -> HttpResponseRedirect:
    """To the next page, with a word on what was done."""
    messages.success(request, message)
    return HttpResponseRedirect(url, status=303)


def _only(view: View, *offices: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not holds_role(request.user, *offices):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast(View, login_required(guarded))
