"""Offices: granted from a moment, until an end where one is set."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.errors import EndsTooSoon, LastSteward, RoleNotHeld
from members.models import Role, User
from members.queries import current_roles, roles_in_term


@transaction.atomic
def grant_role(
    *,
    user: User,
    name: str,
    actor: User | None,
    source: str,
    until: datetime | None = None,
) -> Role:
    """An office from now on, until `until` where a term is set; one that is held stays as it is.

    `source` names the decision ("founding", "proposal:12"). Raises EndsTooSoon.
    """
    now = timezone.now()
    if until is not None and until <= now:
        raise EndsTooSoon
    # The user's row is the lock: an office is held once at a time.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    held = roles_in_term().filter(user=user, name=name).first()
    if held is not None:
        return held
    return Role.objects.create(
        user=user, name=name, since=now, until=until, source=source, granted_by=actor
    )


@transaction.atomic
def end_role(*, user: User, name: str, actor: User | None, source: str) -> Role:
    """The office ended now.

    Raises RoleNotHeld; LastSteward where a person (not a decision) would end the last one.
    """
    held = list(roles_in_term().filter(name=name).select_for_update(of=("self",)).order_by("pk"))
    role = next((row for row in held if row.user_id == user.pk), None)
    if role is None:
        raise RoleNotHeld(user=user)
    if name == Role.Name.STEWARD and actor is not None and is_last_steward(user):
        raise LastSteward
    return _end(role, source)


def end_roles(*, user: User, source: str) -> list[Role]:
    """Every office of a user ended now; call inside a transaction."""
    held = roles_in_term().filter(user=user).select_for_update(of=("self",)).order_by("pk")
    return [_end(role, source) for role in held]


def is_last_steward(user: User) -> bool:
    """Whether nobody else can act as a steward; stays so until the transaction ends."""
    held = roles_in_term().filter(name=Role.Name.STEWARD)
    list(held.select_for_update(of=("self",)).order_by("pk"))
    acting = set(current_roles().filter(name=Role.Name.STEWARD).values_list("user_id", flat=True))
    return acting == {user.pk}


def _end(role: Role, source: str) -> Role:
    role.until, role.ended_by = timezone.now(), source
    role.save(update_fields=["until", "ended_by"])
    return role
