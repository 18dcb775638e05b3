"""Letters put down with what they tell of, and sent once afterwards."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from payments.letters import Letter
from payments.models import Mail

MOST_FAILURES = 20
"""after so many refusals of the mail server a letter waits for a person"""


def put_down(letters: Sequence[Letter]) -> None:
    """Letters to be sent, in the transaction of what they tell of; each occasion once."""
    Mail.objects.bulk_create(
        [
            Mail(
                key=letter.key, member=letter.member, subject=letter.subject[:200],
                body=letter.body, file_name=letter.file_name, file=letter.file,
            )
            for letter in letters
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def send_waiting(*, most: int = 200) -> int:
    """Hand what waits to the mail server, one letter after the other; how many went.

    A letter is claimed, and that is committed, before it is handed over. One whose sender died in
    between stays claimed and is never sent again by itself: a treasurer decides (`send_again`).
    """
    sent = 0
    for _turn in range(most):
        mail = claim()
        if mail is None:
            break
        sent += hand_over(mail)
    return sent


@transaction.atomic
def claim() -> Mail | None:
    """The next letter that waits, claimed; None where none does."""
    waiting = Mail.objects.filter(claimed_at=None, failures__lt=MOST_FAILURES)
    mail = (
        waiting.select_related("member__user")
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .order_by("failures", "pk")
        .first()
    )
    if mail is not None:
        mail.claimed_at = timezone.now()
        mail.address = mail.member.user.email if mail.member.user else ""
        mail.save(update_fields=["claimed_at", "address"])
    return mail


def hand_over(mail: Mail) -> bool:
    """Send a claimed letter; a refusal puts it back. A member without an address gets none."""
    try:
        if mail.address:
            message_of(mail).send()
    except OSError:
        Mail.objects.filter(pk=mail.pk).update(claimed_at=None, failures=mail.failures + 1)
        return False
    Mail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())
    return True


@transaction.atomic
def send_again(*, mail_id: int) -> None:
    """Let a letter that may not have gone wait again; one that went stays as it is."""
    unsure = Mail.objects.filter(pk=mail_id, sent_at=None)
    unsure.update(claimed_at=None, failures=0)


def message_of(mail: Mail) -> EmailMessage:
    """The letter as a message; its id is the same however often it is made."""
    host = "letters.cooperative"
    message = EmailMessage(
        mail.subject, mail.body, to=[mail.address], headers={"Message-ID": f"<{mail.pk}@{host}>"}
    )
    if mail.file_name:
        message.attach(mail.file_name, bytes(mail.file), "application/pdf")
    return message
