"""Decisions by where they stand: what needs the reader first, then open, coming and past."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from governance import queries
from governance.access import reader_member
from governance.models import Proposal
from governance.notices.queries import mentions_of
from members.queries import is_steward

State = Proposal.State
PER_PAGE = 20
BEING_COUNTED = (State.COUNTING, State.HELD)
WAITING = (State.TIMELOCKED,)
PAST = tuple(state for state in (*queries.PAST, State.VETOED) if state not in WAITING)
CARRIED = (State.PASSED, State.TIMELOCKED, State.EXECUTED, State.REFUSED, State.EXPIRED)
REFUSED = (State.FAILED, State.VETOED)


class FindForm(forms.Form):
    """What a reader looks for among past votes."""

    q = forms.CharField(
        label=_("Words"), max_length=100, required=False, widget=forms.TextInput({"type": "search"})
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("all")), ("carried", _("carried")), ("refused", _("not carried"))],
    )


def list_context(request: HttpRequest) -> dict[str, Any]:
    """Votes by where they stand; what needs the reader first."""
    member = reader_member(request)
    visible = queries.visible_to(member, steward=is_steward(request.user))
    needed = list(queries.votes_needed_of(member)) if member else []
    form = FindForm(request.GET)
    past = found(queries.published().filter(state__in=PAST), form)
    return {
        "needed": needed,
        "mentions": list(mentions_of(member)) if member else [],
        "open": [vote for vote in queries.open_proposals() if vote not in needed],
        "counted": queries.published().filter(state__in=BEING_COUNTED).order_by("closes_at"),
        "coming": queries.published().filter(state__in=queries.COMING).order_by("opens_at"),
        "waiting": queries.published().filter(state__in=WAITING).order_by("executes_from"),
        "drafts": visible.filter(state=State.DRAFT) if member else [],
        "withdrawn": visible.filter(state=State.WITHDRAWN)[:PER_PAGE] if member else [],
        "find": form,
        "page": Paginator(past, PER_PAGE).get_page(request.GET.get("page")),
    }


def found(past: QuerySet[Proposal], form: FindForm) -> QuerySet[Proposal]:
    """Past votes that fit what was asked for, newest first; all where nothing was."""
    rows = past.order_by("-decided_at", "-pk")
    if not form.is_valid():
        return rows
    words, outcome = form.cleaned_data["q"], form.cleaned_data["outcome"]
    if outcome:
        rows = rows.filter(state__in=CARRIED if outcome == "carried" else REFUSED)
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word))
    return rows
