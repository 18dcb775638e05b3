"""Words for votes in other hands."""

from django import template

from governance.delegations.showing import AREAS

register = template.Library()


@register.filter
def area(code: str) -> str:
    """What people call an area of votes."""
    return str(AREAS.get(code, code))
