"""Filters for the pages of votes."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.models import Pool, Resource
from assets.names import resource_name
from governance import notation, presenting
from governance.actions import ACTIONS
from governance.actions.base import Action
from governance.actions.price_rule import FRACTIONS
from governance.models import Proposal
from governance.proposing import opposite_of
from ledger.models import Commodity
from members.models import Member, Role
from policies.registry import PARAMETERS

register = template.Library()
SHORT = 3600
BADGES = {"open": "wait", "failed": "calm", "withdrawn": "calm", "draft": "calm", "expired": "bad"}


@register.filter
def chamber(name: str) -> str:
    """A chamber as people call it."""
    return presenting.chamber_name(name)


@register.filter
def span(seconds: int) -> str:
    """A duration in words."""
    return presenting.duration_text(seconds)


@register.filter
def short(seconds: int) -> bool:
    """Whether a ballot is open for so short a time that it must be said plainly."""
    return seconds < SHORT


@register.filter
def left(until: datetime | None) -> str:
    """How long a ballot is still open."""
    return presenting.time_left(until, timezone.now())


@register.filter
def badge(state: str) -> str:
    """The look of a state; the word beside it carries the meaning."""
    return BADGES.get(state, "bad" if state == "refused" else "")


@register.filter
def pool_name(code: str) -> str:
    """A pool's name by its code."""
    found = Pool.objects.filter(code=code).values_list("name", flat=True).first()
    return found or code


@register.filter
def member_state(state: str) -> str:
    """A member's state as people call it."""
    return str(Member.State(state).label)


@register.simple_tag
def member_with(member_id: int) -> Member | None:
    """The member whom a decision concerns."""
    return Member.objects.filter(pk=member_id).first()


@register.filter
def scope_name(scope: str) -> str:
    """Where a policy holds: "Valley backbone: Bandwidth", a pool, an action, or everywhere."""
    pool, _mark, rest = scope.partition(":")
    if pool == "action" and rest in ACTIONS:
        return str(ACTIONS[rest].title)
    if not rest:
        return pool_name(pool) if pool else _("everywhere")
    found = Resource.objects.filter(code=rest).first()
    return f"{pool_name(pool)}: {resource_name(found or rest)}"


@register.filter
def choice_name(choice: str) -> str:
    """An answer as people say it."""
    return {"for": _("For"), "against": _("Against"), "abstain": _("Abstain")}.get(choice, choice)


@register.filter
def iso_day(text: str) -> date:
    """A day given in ISO form."""
    return date.fromisoformat(text)


@register.filter
def iso_moment(text: str) -> datetime:
    """A moment given in ISO form."""
    return datetime.fromisoformat(text)


@register.filter
def parameter_title(key: str) -> str:
    """A policy parameter as people call it."""
    return str(PARAMETERS[key].title) if key in PARAMETERS else key


@register.filter
def parameter_value(value: Any, key: str) -> str:
    """A value of policy as the form for a new one takes it."""
    return notation.write(PARAMETERS[key], value) if key in PARAMETERS else str(value)


@register.filter
def source_id(source: str) -> str:
    """The number of the proposal that a source names; "" where it names none."""
    kind, _mark, number = source.partition(":")
    return number if kind == "proposal" and number.isdigit() else ""


@register.filter
def source_name(source: str) -> str:
    """What decided a value where no vote did."""
    return _("founding") if source == "founding" else source


@register.simple_tag
def undoing(proposal: Proposal) -> Action | None:
    """The action that would undo what a vote has carried out; None where none does."""
    found = opposite_of(proposal)
    return None if found is None else ACTIONS[found[0]]


@register.filter
def commodity(move: dict[str, Any]) -> Commodity:
    """The commodity of a line of postings, for the filters that write amounts."""
    return Commodity(code=move["commodity"], kind=move["of"])


@register.filter
def fraction_of(rule: str) -> str:
    """The parameter that is the fraction of a rule for prices."""
    return FRACTIONS[rule]


@register.filter
def office_name(office: str) -> str:
    """An office in words."""
    return str(Role.Name(office).label) if office in Role.Name.values else office


@register.filter
def named(concerned: Member | None, reader: Member | None) -> str:
    """Somebody by name for members, by number for everybody else."""
    if concerned is None or reader is None or reader.number is None:
        number = None if concerned is None else concerned.number
        return _("Member No. %(number)s") % {"number": number}
    return concerned.name
