"""Lives of members for tests: applicants, and days that have passed."""

from datetime import date, timedelta

from django.utils import timezone

from members import bylaws
from members.models import Member, User
from members.services import apply


def today() -> date:
    """This day in the cooperative's timezone."""
    return timezone.localdate()


def days_ago(number: int) -> date:
    """A day so many days before today."""
    return today() - timedelta(days=number)


def applicant(name: str = "Ana", *, user: User | None = None, **more: object) -> Member:
    """Somebody who applied and waits."""
    return apply(
        user=user,
        name=name,
        kind=str(more.pop("kind", Member.Kind.PERSON)),
        address=str(more.pop("address", "Ridge Road 1")),
        bylaws_version=bylaws.VERSION,
        consents_to_conversion=True,
        actor=user,
        **more,  # type: ignore[arg-type]
    )
