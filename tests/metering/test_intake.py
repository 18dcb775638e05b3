"""How often nodes may ask, files that somebody carries, months, and payloads that expire."""

import io
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from metering import evidence, months, services
from metering.agent_api import as_json
from metering.invariants import INVARIANTS
from metering.models import Envelope, Meter, Reading
from metering.services import limit
from metering.services.files import LONGEST_LINE
from signing import keys
from signing.errors import SigningError
from tests.makers import agree
from tests.metering.machine import Machine, post, statuses
from tests.metering.world import Valley, make_valley
from tokens.models import Period

pytestmark = pytest.mark.django_db(transaction=True)
GB = 10**9


@pytest.fixture
def fresh(settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A burst of ten and then hardly any, and an address that nothing was ever counted for."""
    settings.COOP_NODE_REQUESTS, settings.COOP_PROXIES = 0.01, 1
    own = f"metering:{uuid.uuid4()}"
    monkeypatch.setattr(limit, "COUNTER", limit.Counter())
    monkeypatch.setattr(limit, "space", lambda: own)
    return str(uuid.uuid4())


def broken() -> list[str]:
    return [line for invariant in INVARIANTS for line in invariant()]


def test_a_burst_of_ten_goes_through_and_more_has_to_wait(fresh: str) -> None:
    machine = Machine().enrolled()
    batch, node = machine.batch(), str(machine.row.uuid)
    headers = {"coop-node": node, "x-forwarded-for": fresh}
    answers = [post([batch], **headers) for _ in range(12)]
    assert [a.status_code for a in answers[:10]] == [200] * 10
    assert answers[11].status_code == 429
    assert answers[11].json()["code"] == "too_many_requests"
    assert int(answers[11]["Retry-After"]) >= 1


def test_whoever_names_another_node_bars_only_themselves(fresh: str) -> None:
    victim, node = Machine().enrolled(), {}
    node = {"coop-node": str(victim.row.uuid)}
    old = victim.batch()
    flood = [post([old], **node, **{"x-forwarded-for": fresh}) for _ in range(15)]
    assert flood[-1].status_code == 429
    own = post([victim.batch()], **node, **{"x-forwarded-for": f"{fresh}-own"})
    assert statuses(own) == ["accepted"]


def test_a_node_that_signs_too_much_is_told_from_wherever_it_sends(fresh: str) -> None:
    machine = Machine().enrolled()
    answers = [
        post([batch], **{"x-forwarded-for": f"{fresh}-{n}"})
        for n, batch in enumerate(machine.batches(*range(12)))
    ]
    assert [a.status_code for a in answers[:10]] == [200] * 10
    assert answers[11].status_code == 429


def test_without_redis_nobody_is_barred(fresh: str, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    machine = Machine().enrolled()
    batch = machine.batch()
    answers = [post([batch], **{"x-forwarded-for": fresh}) for _ in range(15)]
    assert {a.status_code for a in answers} == {200}


def test_the_relay_that_brings_batches_is_kept_with_them() -> None:
    machine, relay = Machine().enrolled(), Machine().enrolled()
    headers = {"coop-node": str(machine.row.uuid), "coop-relay": str(relay.row.uuid)}
    assert post([machine.batch()], **headers).json()["next"] == {"epoch": 1, "seq": 2}
    assert Envelope.objects.get().via == str(relay.row.uuid)


def test_a_run_goes_on_behind_a_refused_one() -> None:
    machine, other = Machine().enrolled(), Machine().enrolled()
    first, second = machine.batches(1, 2)
    odd = other.signed(b'{"v":1}')
    assert statuses(post([first, odd, second])) == ["accepted", "rejected", "accepted"]


def test_a_file_gets_the_answers_of_its_lines_and_again_the_same(tmp_path: Path) -> None:
    machine = Machine().enrolled()
    batches = machine.batches(*range(40))
    lines = [machine.inventory().as_json(), *(batch.as_json() for batch in batches)]
    file = tmp_path / "carried.coopbatch"
    file.write_bytes(b"\n".join([*lines, b"", b"no envelope", b"x" * (LONGEST_LINE + 9), b""]))
    said = []
    for _ in range(2):
        call_command("import_batches", str(file), stdout=io.StringIO())
        answer = file.with_suffix(".coopreceipts").read_text()
        said.append([json.loads(line) for line in answer.splitlines()])
    first, again = said
    assert [r["status"] for r in first] == ["accepted"] * 41 + ["rejected"] * 2
    assert [r["code"] for r in first[-2:]] == ["malformed", "too_large"]
    assert [r["status"] for r in again[:41]] == ["duplicate"] * 41
    assert [r["receipt"] for r in first] == [r["receipt"] for r in again]
    assert set(Envelope.objects.values_list("via", flat=True)) == {"file"}
    assert [as_json(r) for r in services.take_file(stream=lines[1], via="file")] == [again[1]]


def used(valley: Valley, *amounts: int) -> None:
    """The machine's batches, delivered and rated."""
    post(valley.machine.batches(*amounts))
    while services.rate_waiting():
        pass


def test_readings_stand_in_their_months_and_each_meter_knows_where_it_stands() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    used(valley, 0, GB, 2 * GB)
    part = f"metering_reading_y{timezone.now():%Ym%m}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {part}")
        assert cursor.fetchone() == (3,)
    newest = Reading.objects.order_by("-pk").first()
    meter = Meter.objects.get(node=valley.machine.row, name="if:va:tx")
    assert newest is not None
    assert (meter.head_value, meter.head_ends_at) == (newest.value, newest.ends_at)


def test_the_months_refuse_changes_like_the_whole() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    used(valley, 0, GB)
    part = f"metering_reading_y{timezone.now():%Ym%m}"
    for sql in (f"DELETE FROM {part}", f"UPDATE {part} SET quantity = 1", f"TRUNCATE {part}"):
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_readings_without_a_month_are_moved_into_theirs() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    post(valley.machine.batches(0, GB))
    far = timezone.now() + timedelta(days=200)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE metering_envelope DISABLE TRIGGER USER")
        cursor.execute("UPDATE metering_envelope SET received_at = %s", [far])
        cursor.execute("ALTER TABLE metering_envelope ENABLE TRIGGER USER")
    while services.rate_waiting():
        pass
    assert months.keep_ahead()[1] == 2
    assert months.keep_ahead() == (0, 0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM metering_reading_y{far:%Ym%m}")
        assert cursor.fetchone() == (2,)
        cursor.execute(f"DROP TABLE metering_reading_y{far:%Ym%m}")


def test_what_is_settled_may_expire_and_the_chain_goes_on() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    used(valley, 0, GB)
    later = timezone.now() + timedelta(days=500)
    assert services.expire_payloads(now=later) == 0
    agree("payload_days", 400)
    assert services.expire_payloads(now=later) == 0, "its period is not closed"
    for state in ("closing", "closed"):
        Period.objects.update(state=state)
    assert services.expire_payloads(now=later) == 2
    row = Envelope.objects.order_by("seq")[1]
    assert (bytes(row.payload), row.payload_size is None) == (b"", False)
    reading = Reading.objects.get(envelope=row)
    bundle = evidence.bundle(reading)
    proof = evidence.check(bundle, keys.public_key().hex())
    assert (proof.chain, proof.record, proof.expired_at != "") == (row.chain, {}, True)
    with pytest.raises(SigningError):
        evidence.check(bundle | {"expired": {"at": "x", "chain": "0" * 64}})
    assert evidence.record_of(reading) == {}
    assert evidence.holds(reading)
    assert broken() == []
    assert statuses(post(valley.machine.batches(GB))) == ["accepted"]


def test_an_expired_payload_never_comes_back_and_no_other_may_go() -> None:
    machine = Machine().enrolled()
    batch = machine.batch()
    post([batch])
    with (
        pytest.raises((IntegrityError, InternalError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE metering_envelope SET payload = '', expired_at = now()")
    assert statuses(post([batch])) == ["duplicate"]
