"""From real traffic on this machine to a charge, through the real program and the real site."""

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from ledger.queries import balance
from metering import services
from metering.invariants import INVARIANTS
from metering.models import Meter, Node, Reading
from tests.agent.test_drivers import send_over_loopback
from tests.agent.test_program import QUICK, Program, program, until
from tests.metering.world import Valley, make_valley
from tokens.models import Usage

__all__ = ["program"]
MOVED = 50_000_000


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_real_traffic_becomes_a_charge_with_its_evidence(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    valley, code = make_valley(), tmp_path / "code"
    process = program.start("run", "--server", live_server.url, "--code-file", str(code), *QUICK)
    until(code.exists)
    node = services.approve_enrolment(actor=None, user_code=code.read_text(), label="gate")
    until(lambda: Meter.objects.filter(node=node, name="if:lo:tx").exists())
    give_the_loopback_to_ben(valley, node)
    until(lambda: bens_readings(node))
    send_over_loopback(MOVED)
    until(lambda: rated_bytes(node) >= MOVED)
    process.terminate()
    assert process.wait() == 0
    while services.rate_waiting():
        pass
    assert_charged(valley, node)


def give_the_loopback_to_ben(valley: Valley, node: Node) -> None:
    """What this machine sends to itself is Ben's use from now on."""
    services.assign_meter(
        actor=valley.steward,
        meter=Meter.objects.get(node=node, name="if:lo:tx"),
        member=valley.ben,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
    )


def bens_readings(node: Node) -> list[int]:
    """Quantities of what is rated so far."""
    services.rate_waiting()
    rated = Reading.objects.filter(meter__node=node, state="rated")
    return list(rated.values_list("quantity", flat=True))


def rated_bytes(node: Node) -> int:
    return sum(bens_readings(node))


def assert_charged(valley: Valley, node: Node) -> None:
    raw = rated_bytes(node)
    used = sum(Usage.objects.values_list("amount", flat=True))
    assert used == raw // 10**6
    owed = balance("EUR", "provisional_receivable", f"member/{valley.ben.pk}")
    # 0.50 cost and 0.30 above it per GB, each rounded half to even on its own
    assert owed == round(used * 50 / 1000) + round(used * 30 / 1000)
    assert [line for invariant in INVARIANTS for line in invariant()] == []
    client = Client()
    assert valley.ben.user is not None
    client.force_login(valley.ben.user)
    row = Reading.objects.filter(state="rated", amount__gt=0).latest("pk")
    page = client.get(f"/usage/evidence/{row.pk}/").content.decode()
    assert "signature holds" in page
    assert row.ends_at <= timezone.now()
