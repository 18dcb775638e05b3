"""What this room shows on the page of a decision."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse

from governance.discussion.forms import PostForm
from governance.discussion.threads import Said, discussion_of, people_in, reader_of
from governance.models import Proposal
from members.models import Member

THREADS_PER_PAGE = 15


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The discussion for those who may read it; for the public its number and its trace."""
    reader = reader_of(request)
    threads = discussion_of(proposal, reader)
    everything = [said for thread in threads for said in thread]
    return {
        "reader": reader,
        "count": len(everything),
        "hidden": sum(said.hidden for said in everything),
        "moderated": any(said.trace for said in everything),
        "page": Paginator(threads, THREADS_PER_PAGE).get_page(request.GET.get("said")),
        "people": people_in(threads, proposal) if reader.reads else [],
        "form": PostForm() if member and proposal.state != Proposal.State.WITHDRAWN else None,
    }


def place_of(request: HttpRequest, proposal: Proposal, said: Said) -> str:
    """The address at which a post can be read."""
    threads = discussion_of(proposal, said.reader)
    row = next(n for n, thread in enumerate(threads) if any(s.post == said.post for s in thread))
    path = reverse("governance:decision", args=[proposal.pk])
    return f"{path}?said={row // THREADS_PER_PAGE + 1}#post-{said.post.pk}"
