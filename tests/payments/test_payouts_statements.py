"""Statements: what was owed before and after any day, and the letters of a closed period."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone, translation

from payments.models import Mail
from payments.services import send_waiting
from payments.statements.build import MemberStatement, member_statement
from payments.statements.pdf import statement_pdf
from payments.statements.sending import mail_period
from payments.statements.table import statement_csv
from tests.makers import charge_period, make_member, make_pool
from tests.payments.paying_out import approve, make_treasurer, owe
from titles.services import accept_payment

pytestmark = pytest.mark.django_db(transaction=True)
PNG = b"\x89PNG"


def holds(statement: MemberStatement) -> bool:
    return statement.opening + statement.charged - statement.paid == statement.closing


def test_before_and_after_any_day() -> None:
    member, pool, today = make_member("Lena"), make_pool(), timezone.localdate()
    charge = charge_period(member, pool, cost=2000, profit=500, code="2026-06")
    charge_period(member, pool, cost=300, profit=0, code="2026-07")
    accept_payment(
        reference=charge.reference, amount=2500, received_on=today, actor=None, key="paid"
    )
    spans: list[tuple[date | None, date | None, int, int]] = [
        (None, None, 0, 300),
        (today, today, 0, 300),
        (today + timedelta(days=1), None, 300, 300),
        (None, today - timedelta(days=1), 0, 0),
    ]
    for start, end, opening, closing in spans:
        found = member_statement(member, start, end)
        assert (found.opening, found.closing) == (opening, closing)
        assert holds(found)
    assert [c.amount for c in member_statement(member).open] == [300]


def test_the_table_and_the_document_say_it_in_the_language_of_the_reader() -> None:
    member = make_member("Lena")
    charge_period(member, make_pool(), cost=123_400, profit=0, code="2026-06")
    found = member_statement(member, timezone.localdate())
    with translation.override("de"):
        table = statement_csv(found)
        assert "Datum" in table
        assert "1234.00" in table
        assert statement_pdf(found).startswith(b"%PDF")
        assert statement_pdf(found, form="png").startswith(PNG)
    assert b"StructTreeRoot" in statement_pdf(found)


def test_a_closed_period_is_sent_to_each_once() -> None:
    pool, today = make_pool(), timezone.localdate()
    for name in ("Ana", "Ben", "Cleo"):
        charge_period(make_member(name), pool, cost=100, profit=0, code="2026-06")
    make_member("Nobody")
    told = [mail_period(code="2026-06", start=today, end=today, most=2) for _again in range(3)]
    assert told == [2, 1, 0]
    assert Mail.objects.count() == 3
    assert send_waiting() == 3
    names = {attachment[0] for message in mail.outbox for attachment in message.attachments}
    assert names == {f"statement-{today}--{today}.pdf"}


def test_payouts_stand_on_the_statement_from_their_day_on() -> None:
    from payments.services import confirm_payout, set_bank_account

    member = make_member("Paula")
    set_bank_account(
        member=member, holder="Paula", iban="DE89370400440532013000", bic="", actor=member.user
    )
    payout = approve(owe(member, 700), make_treasurer(), make_treasurer("Tania"))
    today = timezone.localdate()
    confirm_payout(reference=payout.reference, amount=700, booked_on=today, key="line", actor=None)
    assert [row.amount for row in member_statement(member, today).payouts] == [700]
    assert member_statement(member, None, today - timedelta(days=1)).payouts == []
    assert "-7.00" in statement_csv(member_statement(member))
