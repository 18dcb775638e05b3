"""Into office and out of it: terms, their ends, the lot, and room for those who were elected.

The register's roles say who may do what; a term beside a role says since when, until when and by
which decision (R18).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance import clock
from governance.counting.outcome import Ties
from governance.errors import NotInOffice
from governance.models import Proposal, RollRow, Term
from governance.offices.queries import OFFICES, STEWARD, holds, roles_of, running_terms
from members.models import Member, Role, User
from members.services import end_role, grant_role
from policies.queries import policy

Effect = dict[str, Any]
FROM_PROPOSAL = "proposal:"
BY_TIME = "its term is over"
BY_REGISTER = "the register ended it"


def take_office(
    *, winners: list[int], office: str, actor: User | None, source: str
) -> list[Effect]:
    """Terms and roles for these members, in the order of their success.

    Where nobody else's term runs, the latter half serves half a term, so that terms are staggered
    from then on. Who left meanwhile leaves a seat empty, which the effects name. Stewards beyond
    the seats that policy has make room: those without a term, the longest in office first. Call
    inside a transaction.
    """
    at = clock.now()
    lengths = term_lengths(len(winners), staggered=running_terms(office).exists(), at=at)
    people = Member.objects.select_related("user").in_bulk(winners)
    effects = [
        _into_office(people[pk], office, at, at + length, actor, source)
        for pk, length in zip(winners, lengths, strict=True)
    ]
    return effects + _make_room(office, source)


def term_lengths(seats: int, *, staggered: bool, at: datetime) -> list[timedelta]:
    """How long each seat is held: all for a term, or the latter half for half of one."""
    days = policy("office_days", at)
    half = timedelta(days=days) / 2
    whole = seats if staggered else (seats + 1) // 2
    return [timedelta(days=days)] * whole + [half] * (seats - whole)


def _into_office(
    member: Member, office: str, at: datetime, until: datetime, actor: User | None, source: str
) -> Effect:
    if member.state != Member.State.ACTIVE or member.user is None:
        return {"kind": "seat", "member": member.pk, "office": office, "empty": True}
    if holds(member, office):
        leave_office(member=member, office=office, source=source)
    grant_role(user=member.user, name=office, actor=actor, source=source, until=until)
    term = Term.objects.create(
        member=member, office=office, starts_at=at, ends_at=until, source=source
    )
    return effect_of(term)


def effect_of(term: Term) -> Effect:
    """What is kept of a term that a vote gave."""
    return {
        "kind": "office",
        "id": term.pk,
        "member": term.member_id,
        "office": term.office,
        "starts_at": term.starts_at.isoformat(),
        "ends_at": term.ends_at.isoformat(),
    }


def missing_terms(effects: Iterable[Effect], source: str) -> list[str]:
    """One line for each term that is not there as the execution noted it."""
    return [
        f"{source}: term {effect['id']} of member {effect['member']} is not as executed"
        for effect in effects
        if effect["kind"] == "office" and not effect.get("ended") and not _is_there(effect, source)
    ]


def _is_there(effect: Effect, source: str) -> bool:
    return Term.objects.filter(
        pk=effect["id"],
        member=effect["member"],
        office=effect["office"],
        starts_at=datetime.fromisoformat(effect["starts_at"]),
        ends_at=datetime.fromisoformat(effect["ends_at"]),
        source=source,
    ).exists()


def leave_office(*, member: Member, office: str, source: str, actor: User | None = None) -> Role:
    """The member's office and term ended now. Call inside a transaction.

    Raises NotInOffice; LastSteward where a person, not a decision, would end the last one.
    """
    if member.user is None or not holds(member, office):
        raise NotInOffice(name=member.name)
    role = end_role(user=member.user, name=office, actor=actor, source=source)
    running_terms(office).filter(member=member).update(ended_at=clock.now(), ended_by=source)
    return role


@transaction.atomic(durable=True)
def step_down(*, member: Member, office: str, actor: User) -> Role:
    """Somebody in office ends it themselves. Raises NotInOffice, LastSteward."""
    return leave_office(member=member, office=office, source="stepped down", actor=actor)


def _make_room(office: str, source: str) -> list[Effect]:
    """End the offices of stewards without a term as far as there are more than seats."""
    if office != STEWARD:
        return []
    elected = set(running_terms(office).values_list("member__user_id", flat=True))
    rows = list(roles_of(office))
    others = [row for row in rows if row.user_id not in elected]
    over = max(len(rows) - policy("steward_seats", clock.now()), 0)
    return [_made_room(row, source) for row in others[:over]]


def _made_room(row: Role, source: str) -> Effect:
    end_role(user=row.user, name=row.name, actor=None, source=source)
    member = Member.objects.filter(user=row.user_id).first()
    return ended_effect(row, 0 if member is None else member.pk)


def ended_effect(role: Role, member_id: int) -> Effect:
    """What is kept of an office that a vote ended; no member is 0."""
    return {
        "kind": "office",
        "id": role.pk,
        "member": member_id,
        "office": role.name,
        "ended": True,
    }


def missing_ends(effects: Iterable[Effect], source: str) -> list[str]:
    """One line for each end of an office that the register does not show."""
    return [
        f"{source}: role {effect['id']} has not ended as executed"
        for effect in effects
        if effect.get("ended")
        and not Role.objects.filter(pk=effect["id"], ended_by=source).exists()
    ]


def sweep_terms() -> int:
    """End what is over by time, or by the register; returns how many terms. Any time is fine."""
    with transaction.atomic(durable=True):
        over = Term.objects.select_for_update().filter(ended_at=None).order_by("pk")
        return sum(_ended(term) for term in over.select_related("member"))


def _ended(term: Term) -> bool:
    if term.ends_at <= timezone.now():
        term.ended_at, term.ended_by = term.ends_at, BY_TIME
    elif not holds(term.member, term.office):
        term.ended_at, term.ended_by = clock.now(), BY_REGISTER
    else:
        return False
    term.save(update_fields=["ended_at", "ended_by"])
    return True


def drawn(*, source: str, seats: int, besides: list[int]) -> list[int]:
    """Members whom the lot of a vote draws, by R6: the order of SHA-256(seed, "m" and number).

    It can fall on everybody on the users' roll of that vote who is active, has an account, holds
    no office and was not elected. The seed stands in the certificate, so anybody draws the same.
    """
    proposal = Proposal.objects.get(pk=int(source.removeprefix(FROM_PROPOSAL)))
    in_office = [role.user_id for office in OFFICES for role in roles_of(office)]
    rows = RollRow.objects.filter(chamber__proposal=proposal, chamber__name="users")
    people = Member.objects.filter(
        pk__in=rows.values("member"), state=Member.State.ACTIVE, user__isnull=False
    ).exclude(pk__in=besides)
    left = people.exclude(user__in=in_office).order_by("number")
    order = list(left.values_list("number", "pk"))
    ties = Ties([f"m{number}" for number, _pk in order], seed_of(proposal))
    return [order[place][1] for place in sorted(range(len(order)), key=ties.lot)[:seats]]


def seed_of(proposal: Proposal) -> str:
    """The seed of the lot in a vote, as certified."""
    return str(proposal.certificate.result["result"]["seed"])
