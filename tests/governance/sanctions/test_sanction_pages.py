"""Pages and API of sanctions: of stewards, of the member, of the panel, and of everybody."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.models import Sanction, SanctionAppeal
from members.errors import HandsNothingOn
from members.models import Member, User
from tests.makers import agree, make_member, make_pool, make_steward
from tokens.services.gifts import offer_surplus

pytestmark = pytest.mark.django_db


def browser(user: User | None) -> Client:
    """Where somebody is logged in."""
    client = Client()
    assert user is not None
    client.force_login(user)
    return client


def put_on(client: Client, member: Member, step: str) -> int:
    """A step through the stewards' form; the status."""
    until = timezone.localtime() + timedelta(days=7)
    said = {
        "member": member.number,
        "step": step,
        "reason": "Sold vouchers that were not theirs.",
        "until": until.strftime("%Y-%m-%dT%H:%M"),
        "key": f"{step} {member.pk}",
    }
    return client.post(reverse("governance:new_sanction"), said).status_code


def test_the_whole_way_on_pages() -> None:
    steward, ana = make_steward(), make_member("Ana")
    others = [make_member(f"m{n}") for n in range(3)]
    agree("panel_size", 1)
    desk, own = browser(steward), browser(ana.user)
    assert [put_on(desk, ana, step) for step in ("warn", "warn", "limit")] == [303, 303, 303]
    assert Sanction.objects.count() == 2
    row = Sanction.objects.get(step="limit")
    pages = [reverse("governance:sanctions"), reverse("governance:sanction", args=[row.pk])]
    assert [desk.get(path).status_code for path in pages] == [200, 200]
    assert own.get(pages[1]).status_code == 200
    assert browser(others[0].user).get(pages[1]).status_code == 403
    appeal = reverse("governance:appeal_sanction", args=[row.pk])
    assert own.post(appeal, {"text": "It was not me."}).status_code == 303
    (made,) = SanctionAppeal.objects.all()
    drawn = made.panel.get().member
    panel = reverse("governance:panel", args=[made.pk])
    seat = browser(drawn.user)
    assert seat.get(reverse("governance:my_sanctions")).context["seats"].count() == 1
    assert b"It was not me." in seat.get(panel).content
    assert seat.post(panel, {"vote": "ended", "reason": ""}).status_code == 422
    assert seat.post(panel, {"vote": "ended", "reason": "No proof."}).status_code == 303
    assert b"No proof." in own.get(pages[1]).content
    assert drawn.name.encode() not in own.get(pages[1]).content
    for other in others:
        if other != drawn:
            assert browser(other.user).get(panel).status_code == 404
    lot = Client().get(reverse("governance:panel_lot", args=[made.pk]))
    assert lot.context["holds"] is True
    assert b"Ana" not in lot.content


def test_only_stewards_put_one_on_and_a_skipped_step_is_said_on_the_form() -> None:
    steward, ana = make_steward(), make_member("Ana")
    assert put_on(browser(ana.user), ana, "warn") == 403
    assert put_on(browser(steward), ana, "suspend") == 422
    assert not Sanction.objects.exists()


def test_who_declines_and_a_steward_who_ends_it_early() -> None:
    steward, ana = make_steward(), make_member("Ana")
    for n in range(2):
        make_member(f"m{n}")
    agree("panel_size", 1)
    desk, own = browser(steward), browser(ana.user)
    put_on(desk, ana, "warn")
    row = Sanction.objects.get()
    own.post(reverse("governance:appeal_sanction", args=[row.pk]), {"text": "Why?"})
    made = SanctionAppeal.objects.get()
    first = made.panel.get().member
    decline = reverse("governance:decline_panel", args=[made.pk])
    assert browser(first.user).post(decline).status_code == 303
    assert made.panel.filter(declined_at=None).get().member != first
    end = reverse("governance:end_sanction", args=[row.pk])
    assert own.post(end, {"reason": "Because."}).status_code == 403
    assert desk.post(end, {"reason": "Settled."}).status_code == 303
    row.refresh_from_db()
    assert row.ended_why == "Settled."


def test_a_client_does_the_same() -> None:
    steward, ana = make_steward(), make_member("Ana")
    make_member("Ben")
    desk, own = browser(steward), browser(ana.user)
    until = (timezone.now() + timedelta(days=7)).isoformat()
    said = {"member_id": ana.pk, "step": "warn", "reason": "Twice now.", "until": until}
    new = reverse("governance:api_new_sanction")
    assert own.post(new, json.dumps(said), "application/json").status_code == 403
    made = desk.post(new, json.dumps(said), "application/json")
    assert (made.status_code, made.json()["step"]) == (201, "warn")
    listed = own.get(reverse("governance:api_sanctions")).json()["results"]
    assert [row["id"] for row in listed] == [made.json()["id"]]
    assert "nonce" not in listed[0]
    appeal = reverse("governance:api_appeal_sanction", args=[made.json()["id"]])
    lot = own.post(appeal, json.dumps({"text": "Once."}), "application/json").json()
    member = Member.objects.get(number=lot["draw"]["order"][0])
    votes = reverse("governance:api_panel_votes", args=[lot["appeal"]])
    vote = json.dumps({"vote": "ended", "reason": "It was once."})
    assert own.post(votes, vote, "application/json").status_code == 404
    done = browser(member.user).post(votes, vote, "application/json")
    assert (done.status_code, done.json()["result"]) == (201, "ended")
    public = Client().get(reverse("governance:api_panel_lot", args=[lot["appeal"]]))
    assert public.json()["draw"] == lot["draw"]


def test_a_limited_member_offers_no_tokens() -> None:
    steward, ana, pool = make_steward(), make_member("Ana"), make_pool()
    desk = browser(steward)
    assert [put_on(desk, ana, step) for step in ("warn", "limit")] == [303, 303]
    resource = pool.pk  # never looked at: the limit is asked first
    with pytest.raises(HandsNothingOn):
        offer_surplus(member=ana, pool=pool, resource=resource, amount=1, actor=None)  # type: ignore[arg-type]
