"""Names, addresses and ways to reach somebody: dated versions, and forgetting what may go."""

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from members.errors import NameMissing, NotYet
from members.models import Contact, Member, Particulars, User
from members.services.lifecycle import locked
from policies.queries import policy

FORGET_CONTACTS = """
UPDATE members_contact AS c
SET address = '', phone = '', email = '', language = '', way = 'email', forgotten_at = %(now)s
FROM members_member AS m
JOIN LATERAL (SELECT effective_on FROM members_memberevent AS e
              WHERE e.member_id = m.id ORDER BY e.id DESC LIMIT 1) AS last ON true
WHERE c.member_id = m.id AND c.forgotten_at IS NULL
  AND m.state IN ('left', 'expelled', 'deceased', 'refused')
  AND coalesce(m.ended_on, last.effective_on) <= %(limit)s"""
FORGET_NOMINEES = """
UPDATE members_nominee AS n
SET name = '', contact = '', forgotten_at = %(now)s, revoked_at = coalesce(n.revoked_at, %(now)s)
FROM members_member AS m
WHERE n.member_id = m.id AND n.forgotten_at IS NULL
  AND m.state IN ('left', 'expelled', 'deceased') AND m.ended_on <= %(limit)s"""


@transaction.atomic
def change_particulars(
    *,
    member_id: int,
    name: str,
    address: str,
    actor: User | None,
    born_on: date | None = None,
    valid_from: date | None = None,
    source: str = "",
) -> Particulars:
    """Name and address as the register has them from `valid_from` (today) on.

    A birthday that is known stays where none is given. What is so already stays as it is.
    Raises NameMissing, NotYet for a day that lies ahead.
    """
    if not name.strip():
        raise NameMissing
    if valid_from is not None and valid_from > timezone.localdate():
        raise NotYet
    member = locked(member_id)
    last = Particulars.objects.filter(member=member).order_by("-pk").first()
    born_on = born_on or (last.born_on if last else None)
    said = {"name": name.strip(), "address": address.strip(), "born_on": born_on}
    if last is not None and valid_from is None and _same(last, said):
        return last
    since = {"valid_from": valid_from} if valid_from else {}
    row = Particulars.objects.create(**_now(member, actor) | said | since, source=source)
    member.name, member.address = row.name, row.address
    member.save(update_fields=["name", "address"])
    return row


@transaction.atomic
def change_contact(
    *,
    member_id: int,
    actor: User | None,
    address: str = "",
    phone: str = "",
    email: str = "",
    language: str = "",
    way: str = Contact.Way.EMAIL,
) -> Contact:
    """How to reach a member from today on; what is so already stays as it is."""
    member = locked(member_id)
    said = {
        "address": address.strip(),
        "phone": phone.strip(),
        "email": email.strip(),
        "language": language,
        "way": way,
    }
    last = Contact.objects.filter(member=member).order_by("-pk").first()
    if last is not None and last.forgotten_at is None and _same(last, said):
        return last
    return Contact.objects.create(**_now(member, actor) | said)


def _same(row: Particulars | Contact, said: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in said.items())


def _now(member: Member, actor: User | None) -> dict[str, Any]:
    return {
        "member": member,
        "valid_from": timezone.localdate(),
        "recorded_at": timezone.now(),
        "recorded_by": actor,
    }


@transaction.atomic
def forget_contacts() -> int:
    """Empty the contact data and nominees of those who left longer ago than policy keeps them.

    Returns how many rows were emptied. What the law wants on the register stays. Again: nothing.
    """
    now = timezone.now()
    days: int = policy("contact_retention_days", now)
    limit = timezone.localdate() - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(FORGET_CONTACTS, {"now": now, "limit": limit})
        emptied: int = cursor.rowcount
        cursor.execute(FORGET_NOMINEES, {"now": now, "limit": limit})
        return emptied + int(cursor.rowcount)
