"""Named reads of the register."""

from datetime import date
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from members import bylaws
from members.models import (
    Appeal,
    BylawsVersion,
    Contact,
    Cooperative,
    LinkedMembers,
    Member,
    MemberEvent,
    MemberLimit,
    Nominee,
    Particulars,
    Representative,
    Role,
)

BEYOND_NUMBERS = 10**10
"""Where those without a number stand in the register: behind every number there can be."""
AGAINST = (Member.State.SUSPENDED, Member.State.EXPELLED, Member.State.REFUSED)
OF_THE_BOOKS = (Role.Name.STEWARD, Role.Name.TREASURER)


def cooperative() -> Cooperative:
    """The cooperative that this site serves; raises Cooperative.DoesNotExist before founding."""
    return Cooperative.objects.get(pk=1)


def holds_role(user: Any, *names: str) -> bool:
    """Whether a user holds one of these offices now."""
    if user is None or not user.is_authenticated:
        return False
    return current_roles().filter(user_id=user.pk, name__in=names).exists()


def is_steward(user: Any) -> bool:
    """Whether a user may do a steward's work now."""
    return holds_role(user, Role.Name.STEWARD)


def does_work(user: Any) -> bool:
    """Whether work waits for a user: that of a steward, or of a treasurer."""
    return holds_role(user, *OF_THE_BOOKS)


def is_auditor(user: Any) -> bool:
    """Whether a user may read the books by name."""
    return holds_role(user, Role.Name.AUDITOR, *OF_THE_BOOKS)


def current_roles() -> QuerySet[Role]:
    """The offices that can be exercised at this moment: those of suspended members rest."""
    return roles_in_term().exclude(user__member__state=Member.State.SUSPENDED)


def roles_in_term() -> QuerySet[Role]:
    """The offices held at this moment, those that rest among them."""
    now = timezone.now()
    return Role.objects.filter(since__lte=now).filter(Q(until=None) | Q(until__gt=now))


def active_members() -> QuerySet[Member]:
    """Members with all rights, by number."""
    return Member.objects.filter(state=Member.State.ACTIVE).order_by("number")


def register() -> QuerySet[Member]:
    """Everybody who ever got a number, by number."""
    return Member.objects.filter(number__isnull=False).select_related("user").order_by("number")


def on_register(*, state: str = "", search: str = "") -> QuerySet[Member]:
    """Everybody on the register by `place` (number; who has none comes after, in order of rows).

    A word of `search` is found in name, address and e-mail addresses; a number is that member's.
    """
    rows = Member.objects.select_related("user").annotate(
        place=Coalesce(F("number"), F("pk") + BEYOND_NUMBERS, output_field=BigIntegerField())
    )
    if state:
        rows = rows.filter(state=state)
    for word in search.split():
        rows = rows.filter(_holds(word))
    return rows.order_by("place")


def _holds(word: str) -> Q:
    if word.isdecimal() and len(word) < 10:
        return Q(number=int(word))
    reached = Contact.objects.filter(member=OuterRef("pk"), email__icontains=word)
    written = Q(name__icontains=word) | Q(address__icontains=word)
    return written | Q(user__email__icontains=word) | Q(Exists(reached))


def members_by_state() -> dict[str, int]:
    """How many on the register are in each state now."""
    counted = Member.objects.order_by().values("state").annotate(number=Count("pk"))
    return {row["state"]: row["number"] for row in counted}


def alike(member: Member) -> list[Member]:
    """Who might be the same as this member: same e-mail address, or same name and birthday.

    A hint for stewards, who decide; nothing is ever merged. Those linked already are left out.
    """
    said, reach = particulars_of(member), contact_of(member)
    emails = {member.user.email if member.user else "", reach.email if reach else ""} - {""}
    hints = Q(pk__in=[])
    for email in sorted(emails):
        same = Contact.objects.filter(email__iexact=email).values("member_id")
        hints |= Q(user__email__iexact=email) | Q(pk__in=same)
    if said is not None and said.born_on is not None:
        born = Particulars.objects.filter(name__iexact=said.name, born_on=said.born_on)
        hints |= Q(pk__in=born.values("member_id"))
    others = Member.objects.exclude(pk__in=linked_with(member)).filter(hints)
    return list(others.select_related("user").order_by("pk"))


def applicants() -> QuerySet[Member]:
    """Applications that wait for a decision, oldest first."""
    return (
        Member.objects.filter(state=Member.State.APPLICANT)
        .select_related("user")
        .order_by("applied_at", "pk")
    )


def member_of(user: Any) -> Member | None:
    """The register's row of a user, applicants included, or None.

    Who is not on it themselves stands for the organisation that they represent, if any.
    """
    if user is None or not user.is_authenticated:
        return None
    own = Member.objects.filter(user_id=user.pk).first()
    return own if own is not None else organisations_of(user).first()


def acts_as(user: Any, member: Member) -> bool:
    """Whether a user is this member, or stands for this organisation."""
    return member_of(user) == member


def organisations_of(user: Any) -> QuerySet[Member]:
    """The organisations for which a user acts at this moment."""
    acts = current_representatives().filter(user_id=user.pk)
    return Member.objects.filter(pk__in=acts.values("member_id")).order_by("pk")


def current_representatives() -> QuerySet[Representative]:
    """Who acts for an organisation at this moment."""
    now = timezone.now()
    return Representative.objects.filter(since__lte=now).filter(Q(until=None) | Q(until__gt=now))


def bylaws_in_force(on: date | None = None) -> BylawsVersion:
    """The bylaws in force on a day (today); where none are published, the software's, unsaved."""
    day = on or timezone.localdate()
    row = BylawsVersion.objects.filter(valid_from__lte=day).order_by("-valid_from", "-pk").first()
    if row is not None:
        return row
    return BylawsVersion(version=bylaws.VERSION, text=bylaws.TEXT, valid_from=day)


def bylaws_to_accept(member: Member) -> BylawsVersion | None:
    """The bylaws in force, where this member has not consented to them yet."""
    current = bylaws_in_force()
    if current.pk is None or current.consents.filter(member=member).exists():
        return None
    return current


def contact_of(member: Member) -> Contact | None:
    """How to reach a member, as recorded last; None where nothing is known or all is forgotten."""
    row = Contact.objects.filter(member=member).order_by("-pk").first()
    return row if row is not None and row.forgotten_at is None else None


def particulars_of(member: Member) -> Particulars | None:
    """Name and address as recorded last."""
    return Particulars.objects.filter(member=member).order_by("-pk").first()


def nominee_of(member: Member) -> Nominee | None:
    """Whom the shares go to on death, where somebody is named."""
    return Nominee.objects.filter(member=member, revoked_at=None).first()


def linked_with(member: Member) -> set[int]:
    """The ids of all members who count as one with this one for caps, their own id among them.

    Links reach through others: where A is linked with B and B with C, A counts with C.
    """
    found, fresh = {member.pk}, {member.pk}
    while fresh:
        pairs = LinkedMembers.objects.filter(ended_at=None).filter(
            Q(first_id__in=fresh) | Q(second_id__in=fresh)
        )
        near = {one for pair in pairs.values_list("first_id", "second_id") for one in pair}
        fresh = near - found
        found |= near
    return found


def links_of(member: Member) -> QuerySet[LinkedMembers]:
    """The links that hold with this member, with both sides."""
    held = LinkedMembers.objects.filter(ended_at=None).select_related("first", "second")
    return held.filter(Q(first=member) | Q(second=member))


def contact_values(member: Member) -> dict[str, str]:
    """What a form on contact data begins with."""
    row = contact_of(member)
    if row is None:
        return {"way": Contact.Way.EMAIL, "language": "en"}
    names = ("way", "email", "phone", "address", "language")
    return {name: getattr(row, name) for name in names}


def may_appeal(member: Member) -> bool:
    """Whether the last decision went against this member and is not appealed against yet."""
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    return is_against(last) and not Appeal.objects.filter(event=last).exists()


def is_against(event: MemberEvent | None) -> bool:
    """Whether a decision can be appealed against."""
    return (
        event is not None
        and event.to_state in AGAINST
        and event.reason != MemberEvent.Reason.WITHDRAWAL
    )


def open_appeals() -> QuerySet[Appeal]:
    """Appeals that wait for an answer, oldest first."""
    return Appeal.objects.filter(answered_at=None).select_related("event__member")


def file_of(member: Member) -> dict[str, Any]:
    """All that the register holds of a member, by subject; a fixed number of statements."""
    events = member.events.select_related("decided_by__member", "answered")
    return {
        "standing": member,
        "events": list(events),
        "particulars": list(member.particulars.order_by("-pk")),
        "contact": contact_of(member),
        "nominee": nominee_of(member),
        "consents": list(member.consents.select_related("bylaws").order_by("-pk")),
        "roles": list(Role.objects.filter(user_id=member.user_id).order_by("-since"))
        if member.user_id
        else [],
        "representatives": list(
            current_representatives().filter(member=member).select_related("user")
        ),
        "links": list(links_of(member)),
        "now": timezone.now(),
    }


def limit_of(member: Member) -> MemberLimit | None:
    """The limit that holds for a member now, the one that lasts longest, or None."""
    running = member.limits.filter(ended_at=None, until__gt=timezone.now())
    return running.order_by("-until").first()
