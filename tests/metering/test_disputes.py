"""Disputes, corrections and late readings: on pages and for clients."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coop.invariants import all_broken
from metering import services
from metering.errors import DisputeAnswered
from metering.models import Dispute, NodeKey, Reading
from policies.services import set_policy
from tests.makers import LONG_AGO, make_member
from tests.metering.machine import post
from tests.metering.test_pages import GB, as_user, measured, text
from tests.metering.world import Valley
from tokens.models import Adjustment, Period, Usage
from tokens.services import open_period, run_step


def pages(valley: Valley) -> tuple[Client, Client]:
    return as_user(valley.ana.user), as_user(valley.steward)


def test_a_member_disputes_a_day_and_a_steward_answers_with_a_correction(valley: Valley) -> None:
    row = measured(valley, 2 * GB, 3 * GB)
    day = timezone.localdate(row.ends_at - timedelta(microseconds=1))
    member, steward = pages(valley)
    usage = text(member.get(f"/usage/?resource=bandwidth&day={day}"))
    address = f"/usage/dispute/?pool=backbone&amp;resource=bandwidth&amp;day={day}"
    assert address in usage
    address = address.replace("&amp;", "&")
    assert member.get(address).status_code == 200
    assert member.post(address, {"reason": " ", "key": "k"}).status_code == 422
    said = {"reason": "The line was down", "key": "k"}
    assert member.post(address, said).status_code == 303
    assert member.post(address, said).status_code == 303
    dispute = Dispute.objects.get()
    assert (dispute.day, dispute.reading) == (day, None)
    assert "The line was down" in text(member.get("/usage/"))
    assert "doubts what was metered" in text(steward.get("/stewardship/"))
    desk = reverse("metering:answer", args=[dispute.pk])
    assert desk in text(steward.get(reverse("metering:disputes")))
    assert steward.post(desk, {"answer": "", "correction": ""}).status_code == 422
    assert steward.post(desk, {"answer": "Right", "correction": "lots"}).status_code == 422
    answered = steward.post(desk, {"answer": "The log agrees.", "correction": "−1.5"})
    assert answered.status_code == 303
    assert list(Usage.objects.filter(kind="correction").values_list("amount", "reason")) == [
        (-1500, "The log agrees.")
    ]
    assert Reading.objects.filter(state="rated").count() == 3
    page = text(member.get("/usage/"))
    assert "The log agrees." in page
    assert "3.5 <small>GB used" in page
    with pytest.raises(DisputeAnswered):
        services.answer_dispute(dispute_id=dispute.pk, answer="Again", actor=None)
    assert all_broken() == []


def test_one_reading_can_be_disputed_and_nobody_elses(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    member, steward = pages(valley)
    address = f"/usage/dispute/?reading={row.pk}"
    assert f"?reading={row.pk}" in text(member.get(reverse("metering:evidence", args=[row.pk])))
    assert as_user(valley.ben.user).get(address).status_code == 404
    assert member.get("/usage/dispute/?reading=x").status_code == 404
    assert member.get("/usage/dispute/").status_code == 404
    assert member.post(address, {"reason": "Not mine", "key": "k"}).status_code == 303
    dispute = Dispute.objects.get(reading=row)
    assert as_user(valley.ben.user).get(f"/stewardship/disputes/{dispute.pk}/").status_code == 403
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Dispute.objects.update(reason="other")
    assert steward.post(
        f"/stewardship/disputes/{dispute.pk}/", {"answer": "It is yours.", "correction": ""}
    ).status_code == 303  # fmt: skip
    assert not Usage.objects.filter(kind="correction").exists()


def test_a_steward_corrects_a_members_use_on_a_page(valley: Valley) -> None:
    measured(valley, 2 * GB)
    _member, steward = pages(valley)
    address = f"/stewardship/usage/{valley.ana.number}/"
    assert "2 <small>GB used" in text(steward.get(address))
    asked = {
        "pool": valley.pool.pk,
        "resource": valley.resource("bandwidth").pk,
        "day": str(timezone.localdate()),
        "amount": "-0.5",
        "reason": "wrong meter",
        "key": "k",
    }
    assert steward.post(address, asked | {"reason": ""}).status_code == 422
    assert steward.post(address, asked | {"amount": "0"}).status_code == 422
    assert steward.post(address, asked | {"day": "2019-01-01"}).status_code == 422
    assert steward.post(address, asked | {"amount": "-3", "key": "x"}).status_code == 422
    assert steward.post(address, asked).status_code == 303
    assert steward.post(address, asked).status_code == 303
    assert steward.post(address, asked | {"amount": "-0.4"}).status_code == 422
    assert "wrong meter" in text(steward.get(address))
    assert sum(Usage.objects.values_list("amount", flat=True)) == 1500


def test_clients_dispute_answer_and_correct(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    member, steward = pages(valley)
    day = str(timezone.localdate(row.ends_at))
    asked = {"pool": "backbone", "resource": "bandwidth", "day": day, "reason": "no"}

    def send(client: Client, address: str, body: dict[str, Any], key: str = "k") -> Any:
        return client.post(
            address, body, content_type="application/json", headers={"Idempotency-Key": key}
        )

    made = send(member, "/api/v1/usage/disputes/", asked)
    assert (made.status_code, made.json()["answer"]) == (201, "")
    assert send(member, "/api/v1/usage/disputes/", asked).json()["id"] == made.json()["id"]
    other = send(member, "/api/v1/usage/disputes/", asked | {"reason": "else"})
    assert other.status_code == 409
    strange = asked | {"reading": row.pk}
    assert send(as_user(valley.ben.user), "/api/v1/usage/disputes/", strange).status_code == 404
    desk = f"/api/v1/usage/disputes/{made.json()['id']}/answer/"
    assert send(member, desk, {"answer": "x"}).status_code == 403
    done = send(steward, desk, {"answer": "right", "correction": -500})
    assert (done.status_code, done.json()["correction"]) == (200, -500)
    correction = asked | {"member": valley.ana.number, "amount": -100}
    assert send(member, "/api/v1/usage/corrections/", correction).status_code == 403
    made = send(steward, "/api/v1/usage/corrections/", correction)
    assert (made.status_code, made.json()["amount"]) == (201, -100)
    limits = member.put(
        "/api/v1/tokens/limits/", {"may_go_over": False}, content_type="application/json"
    )
    assert limits.json() == {"may_go_over": False, "limit": None, "room": None}
    assert member.post("/tokens/limits/", {"may": "1"}).status_code == 303
    assert member.get("/api/v1/tokens/limits/").json()["may_go_over"] is True


def ended(valley: Valley) -> Period:
    """The valley's period closed three hours ago, the next one open."""
    end = timezone.now() - timedelta(hours=3)
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(period_id=valley.period.pk, step=step, actor=None, at=end, early=True)
    start = Period.objects.get().end
    return open_period(start=start, end=start + timedelta(days=30), code="next", actor=None)


def test_late_readings_are_adjusted_in_the_open_period(valley: Valley) -> None:
    """Ben has no tokens: 2 GB late are 2 tokens at 0.80.

    The period ended after 237 of its 720 hours, so a token did cost 0.50 · 237 / 720 = 0.1646.
    """
    valley.assign(valley.ben)
    batches = valley.machine.batches(0, 2 * GB)
    following = ended(valley)
    post(batches)
    services.rate_waiting()
    assert set(Reading.objects.values_list("state", flat=True)) == {"rated"}
    row = Adjustment.objects.get()
    assert (row.over, row.cost_part, row.profit) == (2000, 33, 127)
    assert row.booked_in.period == following
    page = text(as_user(valley.ben.user).get("/usage/"))
    assert "Counted late" in page and "1.27" in page
    post(batches)
    services.rate_waiting()
    assert Adjustment.objects.count() == 1
    client = as_user(valley.ben.user)
    listed = client.get("/api/v1/usage/adjustments/").json()
    assert [(r["period"], r["booked_in"], r["over"]) for r in listed] == [("now", "next", 2000)]
    assert all_broken() == []


def test_what_waited_as_late_is_taken_in_and_what_is_too_old_never(valley: Valley) -> None:
    NodeKey.objects.update(created_at=valley.period.start)
    valley.assign(valley.ben)
    batches = valley.machine.batches(0, 2 * GB)
    ended(valley)
    set_policy(
        actor=None, key="late_days", value=0, scope="", valid_from=LONG_AGO, source="founding"
    )
    post(batches)
    services.rate_waiting()
    assert set(Reading.objects.values_list("state", flat=True)) == {"late"}
    assert "too late to be charged" in text(as_user(valley.ben.user).get("/usage/"))
    assert services.rate_waiting() == 0
    set_policy(
        actor=None, key="late_days", value=60, scope="", valid_from=LONG_AGO, source="founding"
    )
    services.rate_waiting()
    assert set(Reading.objects.values_list("state", flat=True)) == {"rated"}
    assert Adjustment.objects.get().over == 2000
    assert all_broken() == []


def test_whoever_is_no_steward_sees_no_desk(valley: Valley) -> None:
    other = as_user(make_member("Dora").user)
    for address in ("/stewardship/disputes/", f"/stewardship/usage/{valley.ana.number}/"):
        assert other.get(address).status_code == 403
        assert Client().get(address).status_code == 302
