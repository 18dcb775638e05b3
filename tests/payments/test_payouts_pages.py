"""Pages and API of money going out: who sees what, who acts, what a refused form says."""

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Member, Role, User
from members.services import grant_role
from payments.models import BankAccount, Charge, Mail, Mandate, Payout
from payments.queries import payout_digest
from payments.services import send_waiting
from tests.makers import charge_period, make_member, make_pool, make_steward, make_user
from tests.payments.paying_out import (
    THEIR_IBAN,
    approve,
    make_treasurer,
    owe,
    payee,
    spanish_iban,
)

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def user_of(member: Member) -> User:
    assert member.user is not None
    return member.user


def act(client: Client, payout: Payout, step: str, **fields: Any) -> Any:
    return client.post(reverse("payments:payout_step", args=[payout.pk, step]), fields)


def test_the_life_of_a_payout_on_pages() -> None:
    member = payee()
    payout = owe(member)
    tomas, tania = make_treasurer(), make_treasurer("Tania")
    for user in (tomas, tania):
        client = signed_in(user)
        page = client.get(reverse("payments:payout", args=[payout.pk])).content.decode()
        assert "Approve €123.45" in page
        assert THEIR_IBAN not in page
        answer = act(client, payout, "approve", digest=payout_digest(payout))
        assert answer.status_code == 303
    client = signed_in(tomas)
    assert act(client, payout, "approve", digest=payout_digest(payout)).status_code == 303
    listed = client.get(reverse("bank:new_payments"))
    made = client.post(
        reverse("bank:new_payments"),
        {
            "payouts": [payout.pk],
            "day": timezone.localdate(),
            "key": listed.context["form"]["key"].value(),
        },
    )
    assert made.status_code == 303
    file = client.get(made["Location"] + "file.xml")
    assert (THEIR_IBAN in file.content.decode()) and file["Content-Type"] == "application/xml"
    assert client.get(made["Location"] + "file.xml").content == file.content
    page = client.get(made["Location"]).content.decode()
    assert "Tomas" in page and "Tania" in page and THEIR_IBAN not in page
    assert act(client, payout, "execute", day="").status_code == 422
    assert act(client, payout, "execute", day=timezone.localdate()).status_code == 303
    own = signed_in(user_of(member)).get(reverse("payments:payouts")).content.decode()
    assert "paid out on" in own


def test_who_may_see_and_act() -> None:
    payout = owe(payee())
    desk = reverse("payments:payouts_desk")
    steward, auditor, member = make_steward(), make_user(), make_member("Max")
    grant_role(user=auditor, name=Role.Name.AUDITOR, actor=None, source="founding")
    for user, status in ((steward, 200), (auditor, 200), (user_of(member), 403)):
        client = signed_in(user)
        assert client.get(desk).status_code == status
        assert client.get(reverse("payments:payout", args=[payout.pk])).status_code == status
        assert act(client, payout, "approve", digest=payout_digest(payout)).status_code == 403
        assert client.get(reverse("bank:new_payments")).status_code == 403
    assert Client().get(desk).status_code == 302


def test_a_refused_approval_says_why_and_changes_nothing() -> None:
    treasurer = make_treasurer()
    own = owe(payee_with(treasurer))
    answer = act(signed_in(treasurer), own, "approve", digest=payout_digest(own))
    assert answer.status_code == 422
    assert "This approval does not count" in answer.content.decode()
    assert not own.approvals.exists()


def payee_with(user: User) -> Member:
    from payments.services import set_bank_account

    member = user.member
    set_bank_account(member=member, holder="Tomas", iban=THEIR_IBAN, bic="", actor=user)
    return member


def test_a_member_names_an_account_and_is_told_of_a_change() -> None:
    member = make_member("Mara")
    client, url = signed_in(member.user), reverse("payments:account")
    bad = client.post(url, {"holder": "Mara", "iban": "DE89 3704 0044 0532 0130 01"})
    assert bad.status_code == 422
    assert (
        client.post(url, {"holder": "Mara", "iban": "DE89 3704 0044 0532 0130 00"}).status_code
        == 303
    )
    assert BankAccount.objects.get().iban == THEIR_IBAN
    page = client.get(url).content.decode()
    assert "3000" in page and THEIR_IBAN not in page
    assert client.post(url, {"holder": "Mara", "iban": spanish_iban(1)}).status_code == 303
    assert send_waiting() == 1
    assert "was changed" in mail.outbox[0].subject


def test_a_steward_names_it_with_a_reason_only() -> None:
    member = make_member("Mara")
    client = signed_in(make_steward())
    url = reverse("payments:account_of", args=[member.pk])
    fields = {"holder": "Mara", "iban": THEIR_IBAN}
    assert client.post(url, fields).status_code == 422
    assert client.post(url, fields | {"reason": "by letter"}).status_code == 303
    assert signed_in(make_member("Max").user).get(url).status_code == 403


def test_giving_and_revoking_a_mandate(settings: Any) -> None:
    member = make_member("Mia")
    client, url = signed_in(member.user), reverse("payments:mandate")
    assert "creditor identifier" in client.get(url).content.decode()
    settings.COOP_CREDITOR_ID = "DE98ZZZ09999999999"
    fields = {"holder": "Mia", "iban": THEIR_IBAN}
    assert client.post(url, fields).status_code == 422
    assert client.post(url, fields | {"agrees": "on"}).status_code == 303
    mandate = Mandate.objects.get()
    assert "DE98ZZZ09999999999" in mandate.consent
    assert client.post(url, {"holder": "Mia", "iban": spanish_iban(3)}).status_code == 303
    assert client.post(reverse("payments:revoke_mandate")).status_code == 303
    mandate.refresh_from_db()
    assert mandate.ended_at is not None
    assert mandate.reference in client.get(url).content.decode()


def test_collecting_on_pages(settings: Any) -> None:
    settings.COOP_CREDITOR_ID = "DE98ZZZ09999999999"
    member, treasurer = make_member("Mia"), signed_in(make_treasurer())
    own = signed_in(member.user)
    own.post(reverse("payments:mandate"), {"holder": "Mia", "iban": THEIR_IBAN, "agrees": "on"})
    charge = charge_period(member, make_pool(), cost=100, profit=20, code="2026-06")
    url = reverse("bank:new_collections")
    form = treasurer.get(url).context["form"]
    fields = {"charges": [charge.pk], "key": form["key"].value()}
    early = treasurer.post(url, fields | {"day": timezone.localdate()})
    assert early.status_code == 422
    assert "The earliest day is" in early.content.decode()
    made = treasurer.post(url, fields | {"day": form["day"].value()})
    assert made.status_code == 303
    page = treasurer.get(made["Location"]).content.decode()
    assert "FRST" in page
    assert treasurer.get(made["Location"] + "file.xml").status_code == 200
    assert treasurer.get(reverse("bank:orders")).status_code == 200
    item = charge.collections.get()
    back = reverse("bank:debit_came_back", args=[item.pk])
    assert treasurer.get(back).status_code == 200
    told = {"code": "am4", "day": timezone.localdate()}
    assert treasurer.post(back, told).status_code == 422
    assert treasurer.post(back, told | {"code": "AM04"}).status_code == 303
    assert "AM04" in treasurer.get(made["Location"]).content.decode()
    assert treasurer.get(back).status_code == 404


def test_disputing_and_answering() -> None:
    member = make_member("Lena")
    charge = charge_period(member, make_pool(), cost=100, profit=20, code="2026-06")
    client, treasurer = signed_in(member.user), signed_in(make_treasurer())
    url = reverse("payments:dispute", args=[charge.pk])
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "The meter was broken."}).status_code == 303
    page = client.get(reverse("payments:charge", args=[charge.pk])).content.decode()
    assert "The meter was broken." in page
    desk = treasurer.get(reverse("payments:reminders_desk")).content.decode()
    assert "disputed" in desk
    hold = reverse("payments:hold_reminders", args=[charge.pk])
    assert treasurer.get(hold).status_code == 200
    assert treasurer.post(hold, {"reason": "It was looked at."}).status_code == 303
    assert signed_in(make_member("Max").user).get(url).status_code == 404
    work = signed_in(make_steward()).get(reverse("stewardship"))
    assert work.status_code == 200


def test_the_statement_of_a_span() -> None:
    member = make_member("Lena")
    charge = charge_period(member, make_pool(), cost=100, profit=20, code="2026-06")
    client, url = signed_in(member.user), reverse("payments:statement")
    today = f"{timezone.localdate()}"
    page = client.get(url, {"start": today, "end": today}).content.decode()
    assert "Owed before" in page
    assert client.get(url, {"start": today, "end": "2020-01-01"}).status_code == 422
    table = client.get(reverse("payments:statement_csv"), {"start": today}).content.decode()
    assert charge.reference in table and "1.20" in table
    document = client.get(reverse("payments:statement_pdf"), {"start": today})
    assert document.content.startswith(b"%PDF") and document["Content-Type"] == "application/pdf"
    for _again in range(2):
        sent = client.post(reverse("payments:send_statement") + f"?start={today}&end={today}")
        assert sent.status_code == 303
    assert Mail.objects.count() == 1
    assert send_waiting() == 1
    assert mail.outbox[0].attachments[0][0].startswith("statement-")
    assert Charge.objects.get().state == Charge.State.OPEN


def test_the_api_gives_ones_own_and_the_desk_to_treasurers() -> None:
    member = payee()
    payout = owe(member)
    own = signed_in(member.user)
    assert own.get("/api/v1/payouts").json()["results"][0]["reference"] == payout.reference
    assert own.get("/api/v1/desk/payouts").status_code == 403
    assert own.get("/api/v1/statement").json()["closing"] == 0
    assert own.get("/api/v1/statement?start=never").status_code == 400
    treasurer = signed_in(make_treasurer())
    assert treasurer.get("/api/v1/payouts").json()["results"] == []
    row = treasurer.get("/api/v1/desk/payouts").json()["results"][0]
    assert row["account"].endswith("3000") and THEIR_IBAN not in json.dumps(row)
    url = f"/api/v1/desk/payouts/{payout.pk}/approval"
    wrong = treasurer.post(url, {"digest": "0" * 64}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "approval_refused")
    right = treasurer.post(url, {"digest": row["digest"]}, content_type="application/json")
    assert right.status_code == 200
    assert approve(payout, make_treasurer("Tania")).state == Payout.State.APPROVED
