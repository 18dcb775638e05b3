"""The bylaws as documents, and the members' consent to them."""

import hashlib
from datetime import date

from django.db import transaction
from django.utils import timezone

from members import bylaws
from members.errors import BylawsExist, ReasonMissing, UnknownBylaws
from members.models import BylawsConsent, BylawsVersion, Member, User
from members.queries import bylaws_in_force


@transaction.atomic
def publish_bylaws(
    *,
    version: str,
    text: str,
    actor: User | None,
    source: str,
    valid_from: date | None = None,
) -> BylawsVersion:
    """The bylaws of this version, in force from `valid_from` (today) on; members are asked anew.

    Publishing the same text under the same version again returns it. Raises BylawsExist,
    ReasonMissing where the text is empty.
    """
    words = text.strip().replace("\r\n", "\n")
    if not words:
        raise ReasonMissing
    row, _made = BylawsVersion.objects.get_or_create(
        version=version.strip(),
        defaults={
            "text": words,
            "sha256": hashlib.sha256(words.encode()).hexdigest(),
            "valid_from": valid_from or timezone.localdate(),
            "published_at": timezone.now(),
            "published_by": actor,
            "source": source,
        },
    )
    if row.text != words:
        raise BylawsExist(version=row.version)
    return row


def ensure_bylaws() -> BylawsVersion:
    """The bylaws in force; where none were ever published, those that come with the software."""
    current = bylaws_in_force()
    if current.pk is not None:
        return current
    return publish_bylaws(version=bylaws.VERSION, text=bylaws.TEXT, actor=None, source="founding")


@transaction.atomic
def consent_to_bylaws(*, member_id: int, version: str, actor: User | None) -> BylawsConsent:
    """A member's consent to a version, kept for ever; a second one changes nothing.

    Raises UnknownBylaws.
    """
    row = BylawsVersion.objects.filter(version=version).first()
    if row is None:
        raise UnknownBylaws
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    consent, made = BylawsConsent.objects.get_or_create(
        member=member, bylaws=row, defaults={"given_at": timezone.now(), "given_by": actor}
    )
    if made:
        member.bylaws_version = version
        member.save(update_fields=["bylaws_version"])
    return consent
