"""Letters about units on their way: short, in the member's language, sent after the commit."""

from collections.abc import Callable

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from members.models import Member
from titles.models import Subscription, Transfer, WaitingPlace


def reservation_expired(subscription: Subscription) -> None:
    """Tell a member that their reservation was let go."""
    tell(
        subscription.member,
        lambda: _("Your reservation has ended"),
        lambda: (
            _(
                "%(count)s shares of %(pool)s were reserved for you, but no payment came. The "
                "reservation has ended; nothing is owed. You can buy again at the price of the day."
            )
            % {"count": subscription.count, "pool": subscription.pool.name}
        ),
    )


def units_offered(place: WaitingPlace) -> None:
    """Tell a member who waits that units are free for them."""
    tell(
        place.member,
        lambda: _("Shares are free for you"),
        lambda: (
            _(
                "You waited for shares of %(pool)s. %(count)s are kept for you until %(day)s: say "
                "on the site whether you take them."
            )
            % {"pool": place.pool.name, "count": place.offered, "day": _day(place.offer_until)}
        ),
    )


def offer_lapsed(place: WaitingPlace) -> None:
    """Tell a member that the offer from the waiting list went on to the next."""
    tell(
        place.member,
        lambda: _("An offer has ended"),
        lambda: (
            _(
                "The shares of %(pool)s that were kept for you were not taken in time and go to "
                "the next who waits. You can ask for a new place."
            )
            % {"pool": place.pool.name}
        ),
    )


def transfer_offered(transfer: Transfer) -> None:
    """Tell a member that somebody offers them shares."""
    if transfer.receiver is not None:
        tell(
            transfer.receiver,
            lambda: _("Somebody wants to pass shares on to you"),
            lambda: (
                _(
                    "Member %(number)s offers you %(count)s shares of %(pool)s. Accept or decline "
                    "on the site until %(day)s."
                )
                % _of(transfer)
            ),
        )


def transfer_answered(transfer: Transfer) -> None:
    """Tell the giver what became of their offer."""
    tell(
        transfer.giver,
        lambda: _("Your offer of shares: %(state)s") % {"state": transfer.get_state_display()},
        lambda: _("%(count)s shares of %(pool)s, offered by you: %(state)s.") % _of(transfer),
    )


def tell(member: Member, subject: Callable[[], str], text: Callable[[], str]) -> None:
    """Send a letter to a member who has an account, once what it says is committed."""
    if member.user is None:
        return
    with translation.override(member.user.language or settings.LANGUAGE_CODE):
        words, body, address = subject(), text(), member.user.email
    transaction.on_commit(lambda: _send(words, body, address), robust=True)


def _send(subject: str, text: str, address: str) -> None:
    send_mail(subject, text, None, [address], fail_silently=True)


def _of(transfer: Transfer) -> dict[str, object]:
    return {
        "number": transfer.giver.number,
        "count": transfer.units,
        "pool": transfer.pool.name,
        "day": _day(transfer.expires_at),
        "state": transfer.get_state_display(),
    }


def _day(moment: object) -> str:
    return formats.date_format(timezone.localdate(moment), "DATE_FORMAT")  # type: ignore[arg-type]
