"""From bytes that a real client stores to a member's use, through the real agent and site."""

import os
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from metering import services
from metering.models import Meter, Node, Reading
from tests.agent.test_program import QUICK, Program, program
from tests.metering.test_real_agent import rated_bytes
from tests.metering.world import make_valley
from tests.programs.places import Place, until
from tests.programs.test_tahoe import ADDED, STORED, node, store
from tokens.models import Usage

__all__ = ["node", "program"]
PATIENCE = 100


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_what_a_client_stores_is_the_members_use_to_the_byte(
    live_server: LiveServer, program: Program, here: Place, node: Path, tmp_path: Path
) -> None:
    valley, code, name = make_valley(), tmp_path / "code", f"tahoe:{node}:added"
    until(lambda: store(node, os.urandom(STORED)))
    arguments = ["--server", live_server.url, "--code-file", str(code), "--meter", f"tahoe:{node}"]
    program.start("run", *arguments, *QUICK)
    until(code.exists, PATIENCE)
    row = services.approve_enrolment(actor=None, user_code=code.read_text(), label="shelf")
    until(lambda: Meter.objects.filter(node=row, name=name).exists(), PATIENCE)
    meter = Meter.objects.get(node=row, name=name)
    assert (meter.kind, meter.unit, meter.driver) == ("counter", "By", "tahoe")
    services.assign_meter(
        actor=valley.steward,
        meter=meter,
        member=valley.ben,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
    )
    until(lambda: was_rated(row), PATIENCE)
    assert store(node, os.urandom(STORED))
    until(lambda: rated_bytes(row) >= ADDED, PATIENCE)
    # What was stored before is the baseline and costs nothing.
    assert rated_bytes(row) == ADDED
    assert sum(Usage.objects.values_list("amount", flat=True)) == ADDED // 10**6


def was_rated(row: Node) -> bool:
    services.rate_waiting()
    return Reading.objects.filter(meter__node=row, state="rated").exists()
