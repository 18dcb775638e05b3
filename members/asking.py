"""One way to ask for a few facts and to carry out what they say: the page, the errors, the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ledger.errors import DomainError
from members.mandates import Mandate


@dataclass(frozen=True)
class Ask:
    """What a page with a form says: heading, a sentence, the verb, where it leads back to.

    `mandate` is the rule on who decides it, `vote` where the members are asked instead.
    """

    heading: str
    lede: str
    verb: str
    back: str
    place: str
    danger: bool = False
    mandate: Mandate | None = None
    vote: str = ""

    @property
    def is_left_to_a_vote(self) -> bool:
        """Whether stewards may not do it."""
        return self.mandate is not None and self.mandate.by_vote


def ask(
    request: HttpRequest,
    page: Ask,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """The form on its page; once it is right, what `act` did in a sentence, and back.

    `act` gets the cleaned data. A refusal of the register stands above the form (422). What only a
    vote may do has no form and leads to a proposal (403 for whoever sends one all the same).
    """
    if page.is_left_to_a_vote:
        status = 403 if request.method == "POST" else 200
        return render(request, "members/ask.html", {"page": page}, status=status)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, act(form.cleaned_data))
            return HttpResponseRedirect(page.back, status=303)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "page": page}
    return render(request, "members/ask.html", context, status=422 if form.errors else 200)
