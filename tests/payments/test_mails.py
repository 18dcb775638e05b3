"""A letter goes once, whoever dies when."""

from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from payments.letters import Letter
from payments.models import Mail
from payments.services import put_down, send_again, send_waiting
from payments.services.mails import claim
from tests.at_once import run_at_once
from tests.makers import make_member

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process ends here."""


def write(key: str = "hello") -> None:
    put_down([Letter(key, make_member(), "Hello", "A few words")])


def test_each_occasion_is_one_letter() -> None:
    member = make_member()
    for _again in range(2):
        put_down([Letter("hello", member, "Hello", "A few words")])
    assert Mail.objects.count() == 1


def test_killed_after_sending_it_does_not_go_again(monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    send = EmailMessage.send

    def send_and_die(self: EmailMessage, *args: Any, **kwargs: Any) -> int:
        send(self, *args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", send_and_die)
        with pytest.raises(Killed):
            send_waiting()
    assert send_waiting() == 0
    assert len(mail.outbox) == 1


def test_killed_before_sending_it_waits_for_a_person() -> None:
    write()
    claimed = claim()
    assert claimed is not None
    assert send_waiting() == 0
    send_again(mail_id=claimed.pk)
    assert send_waiting() == 1
    send_again(mail_id=claimed.pk)
    assert send_waiting() == 0
    assert len(mail.outbox) == 1


def test_a_mail_server_that_refuses_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    write()

    def refuse(self: EmailMessage, *args: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert send_waiting(most=3) == 0
    assert Mail.objects.get().failures == 3
    assert send_waiting() == 1


def test_senders_at_once_send_each_letter_once() -> None:
    for number in range(12):
        write(f"letter {number}")
    assert sum(int(str(n)) for n in run_at_once([send_waiting] * 6)) == 12
    assert len(mail.outbox) == 12
