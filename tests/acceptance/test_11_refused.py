"""11: what is hostile or broken is refused with its own code, and nothing of it is stored.

The cases are those of tests/metering/test_accept.py, gathered here by the words of the list.
"""

import json
from collections.abc import Callable

import pytest
from django.db import connection

from metering import services
from metering.models import Envelope, EnvelopeConflict, MeterInventory, Reading
from signing import dsse
from tests.acceptance.field import taken_back
from tests.metering.machine import TX, Machine, post
from tests.metering.test_accept import BAD_ENVELOPES, BAD_REQUESTS, code_of
from tests.metering.world import Valley
from tokens.models import Usage

U64 = 2**64 - 1
NAMED = {
    "duplicate key": (400, "malformed"),
    "NaN": (400, "malformed"),
    "2^53": (400, "malformed"),
    "NUL": (400, "malformed"),
    "1001 records": (413, "too_large"),
    "wrong payloadType": (422, "schema"),
    "an inventory's type on a batch": (422, "schema"),
}
OF_THE_SITE = ("receipt", "enrolled", "config", "revocations", "quarantine-notice", "allowances",
               "audit-challenge", "checkpoint", "poll", "enrol")  # fmt: skip


def stored() -> int:
    models = (Envelope, EnvelopeConflict, MeterInventory, Reading, Usage)
    return sum(model.objects.count() for model in models)


def refused(machine: Machine, envelope: dsse.Envelope) -> tuple[int, str]:
    before = stored()
    found = code_of(post([envelope]))
    services.rate_waiting()
    assert stored() == before
    assert machine.row.keys.get().head_seq == 0
    return found


def test_11_each_broken_envelope_has_its_code(valley: Valley) -> None:
    for name, wanted in NAMED.items():
        make, status, code = BAD_ENVELOPES[name]
        assert (status, code) == wanted

        def tried(make: Callable[[Machine], dsse.Envelope] = make) -> tuple[int, str]:
            machine = Machine().enrolled()
            return refused(machine, make(machine))

        assert taken_back(tried) == wanted, name


@pytest.mark.parametrize("name", ["a gzip bomb", "duplicate key"])
def test_11_each_broken_request_has_its_code(valley: Valley, name: str) -> None:
    send, status, code = BAD_REQUESTS[name]
    before = stored()
    good = json.dumps({"envelopes": [valley.machine.batch().as_dict()]}).encode()
    assert code_of(send(good)) == (status, code)
    assert stored() == before


def test_11_no_document_passes_for_another_though_its_signature_is_right(valley: Valley) -> None:
    """CVE-2022-35929: a sound signature over one kind is no signature over another."""
    machine = valley.machine
    payload = machine.batch().payload
    for kind in OF_THE_SITE:
        assert refused(machine, machine.signed(payload, dsse.payload_type(kind))) == (422, "schema")
    renamed = machine.signed(payload, dsse.payload_type("receipt"))
    as_batch = dsse.Envelope(dsse.payload_type("usage-batch"), payload, renamed.signatures)
    assert refused(machine, as_batch) == (401, "bad_signature")


def test_11_the_largest_counter_is_kept_and_one_more_is_refused(valley: Valley) -> None:
    """2^64 − 1 is a value that a counter may have: it is evidence, and charged to nobody."""
    machine = valley.machine
    valley.assign(valley.ben)
    as_number = machine.body(machine.counted(1) | {"r1": "_"})
    raw = json.dumps(as_number).replace('"_"', str(U64)).encode()
    assert refused(machine, machine.signed(raw)) == (400, "malformed")
    longer = machine.counted(1) | {"r1": str(U64) + "0"}
    body = json.dumps(machine.body(longer)).encode()
    assert refused(machine, machine.signed(body)) == (422, "schema")
    machine.values[TX] = 0
    post(machine.batches(0, U64))
    services.rate_waiting()
    last = Reading.objects.latest("pk")
    assert (last.value, last.quantity, last.state) == (U64, U64, "held")
    assert not Usage.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(value) FROM metering_reading")
        assert cursor.fetchone() == (U64,)
