"""Keys that follow on one another: what is believed, what is refused, who decides."""

from typing import Any

import pytest
from django.utils import timezone

from coop.invariants import all_broken
from metering import services
from metering.errors import NotPossibleNow, RevokedKey, RotationDecided
from metering.models import KeyRotation, Node, NodeKey
from metering.trust.standing import key_due, newest_key
from signing import dsse, strict_json
from tests.makers import agree
from tests.metering.machine import post, seed, statuses, wall
from tests.metering.rotating import ROTATE, Rotating, digest_of
from tests.races import at_once

pytestmark = pytest.mark.django_db
AT_ONCE = pytest.mark.django_db(transaction=True)


def machine() -> Rotating:
    made = Rotating()
    made.enrolled()
    post(made.batches(0, 1))
    return made


def refused(envelope: dsse.Envelope) -> tuple[int, str]:
    answer = post([envelope])
    return answer.status_code, answer.json()["code"]


WRONG: dict[str, Any] = {
    "a key that was not promised": (lambda m: promise_broken(m), 422, "schema"),
    "the same key again": (lambda m: m.rotation(next=digest_of(m.after)), 422, "schema"),
    "another chain value": (lambda m: m.rotation(chain="0" * 64), 422, "schema"),
    "an earlier end with a wrong value": (lambda m: m.rotation(last=1), 422, "schema"),
    "another epoch": (lambda m: m.rotation(epoch=2), 401, "unknown_key"),
    "the old key alone": (lambda m: m.rotation(m.seed), 401, "bad_signature"),
    "a third signature": (lambda m: m.rotation(m.seed, m.after, seed()), 401, "bad_signature"),
    "a false old signature": (lambda m: forged(m), 401, "bad_signature"),
    "another payloadType": (lambda m: m.signed(m.rotation().payload), 422, "schema"),
    "unknown keys": (lambda m: m.rotation(extra=1), 422, "schema"),
    "below nothing": (lambda m: m.rotation(last=-1), 422, "schema"),
}


def promise_broken(m: Rotating) -> dsse.Envelope:
    m.after = seed()
    return m.rotation()


def forged(m: Rotating) -> dsse.Envelope:
    good = m.rotation()
    bad = dsse.Signature(good.signatures[0].keyid, bytes(64))
    return dsse.Envelope(ROTATE, good.payload, (bad, good.signatures[1]))


def test_what_is_not_right_is_refused_and_the_key_stays() -> None:
    for make, status, code in WRONG.values():
        made = machine()
        assert refused(make(made)) == (status, code)
        assert NodeKey.objects.filter(node=made.row).count() == 1
    assert not KeyRotation.objects.exists()


@AT_ONCE
def test_a_rotation_takes_over_once_however_often_it_comes() -> None:
    made = machine()
    wish = made.rotation()
    alone = made.rotation(made.after)
    assert statuses(post([alone])) == ["pending_approval"]
    results = at_once(*[lambda: services.accept_envelope(envelope=wish).status] * 3)
    assert results == ["accepted"] * 3
    assert statuses(post([wish, alone])) == ["accepted", "accepted"]
    assert NodeKey.objects.filter(node=made.row).count() == 2
    made.rotated()
    assert statuses(post(made.batches(1, 1))) == ["accepted", "accepted"]
    assert all_broken() == []


def test_two_rotations_of_one_epoch_are_a_conflict() -> None:
    made = machine()
    assert statuses(post([made.rotation(), made.rotation(next=digest_of(seed()))])) == [
        "accepted",
        "conflict",
    ]
    assert Node.objects.get(pk=made.row.pk).state == "suspect"


def test_batches_beyond_the_signed_end_make_the_node_suspect() -> None:
    made = machine()
    wish = made.rotation()
    post([made.batch()])
    assert statuses(post([wish])) == ["accepted"]
    assert Node.objects.get(pk=made.row.pk).state == "suspect"
    assert all_broken() == []


def test_a_steward_refuses_a_key_and_the_old_one_goes_on() -> None:
    made = machine()
    post([made.rotation(made.after)])
    row = KeyRotation.objects.get()
    services.refuse_rotation(actor=None, rotation=row, reason="the owner knows nothing of it")
    assert refused(made.rotation(made.after)) == (403, "rotation_refused")
    with pytest.raises(RotationDecided):
        services.approve_rotation(actor=None, rotation=row, reason="after all")
    assert statuses(post([made.batch()])) == ["accepted"]
    assert all_broken() == []


def test_a_key_that_was_revoked_signs_nothing_more() -> None:
    """Neither what describes meters nor questions: it may be a thief's by then."""
    made = machine()
    alone = made.rotation(made.after)
    post([alone])
    services.approve_rotation(actor=None, rotation=KeyRotation.objects.get(), reason="it was lost")
    listed = [{"m": "x", "k": "gauge", "u": "By", "driver": "d"}]
    assert refused(made.inventory(meters=listed)) == (403, "revoked_key")
    asked = {"v": 1, "node": str(made.row.uuid), "sent": wall(timezone.now())}
    kind = dsse.payload_type("allowances-request")
    question = dsse.sign(made.seed, kind, strict_json.dumps(asked))
    with pytest.raises(RevokedKey):
        services.signed_allowances(envelope=question)
    assert statuses(post([alone])) == ["accepted"]
    assert statuses(post([made.batch()])) == ["held"]
    assert statuses(post([made.rotated().inventory()])) == ["accepted"]


@AT_ONCE
def test_of_two_decisions_at_once_one_stands() -> None:
    made = machine()
    post([made.rotation(made.after)])
    row = KeyRotation.objects.get()

    def settle(how: Any) -> str:
        try:
            return str(how(actor=None, rotation=row, reason="decided").state)
        except RotationDecided as error:
            return error.code

    found = at_once(
        lambda: settle(services.approve_rotation), lambda: settle(services.refuse_rotation)
    )
    assert sorted(found)[-1] == "rotation_decided" and len(set(found)) == 2
    assert all_broken() == []


def test_the_key_in_force_is_not_given_up_alone() -> None:
    made = machine()
    with pytest.raises(NotPossibleNow):
        services.revoke_key(actor=None, node=made.row, epoch=1, reason="old")


def test_a_key_is_due_after_its_time_and_after_every_suspicion() -> None:
    made = machine()
    assert not key_due(made.row, timezone.now())
    agree("key_days", 0)
    assert key_due(made.row, timezone.now())
    agree("key_days", 365)
    services.set_node_state(actor=None, node=made.row, state="suspect", reason="odd")
    assert key_due(made.row, timezone.now())
    post([made.rotation()])
    assert newest_key(made.row).epoch == 2
    assert not key_due(made.row, timezone.now())
