"""The program against the real site: Django, PostgreSQL and a real HTTP server."""

import signal
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from coop_agent.store import Store
from metering import services
from metering.models import Envelope, MeterInventory, Node, NodeKey
from tests.agent.test_drivers import send_over_loopback
from tests.agent.test_program import QUICK, Program, program, until

__all__ = ["program"]


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_a_node_is_let_in_delivers_over_a_kill_and_holds_every_receipt(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    arguments = ["run", "--server", live_server.url, "--code-file", str(code), *QUICK]
    first = program.start(*arguments)
    until(code.exists)
    node = services.approve_enrolment(actor=None, user_code=code.read_text(), label="gate")
    batches = Envelope.objects.filter(node=node)
    until(lambda: batches.count() >= 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    send_over_loopback(1_000_000)
    stored = batches.count()
    second = program.start(*arguments)
    until(lambda: batches.count() >= stored + 3)
    second.terminate()
    assert second.wait() == 0
    assert program.ask("verify") == (0, "the chain is whole\n", "")
    assert_agreed(program.folder, node)


def assert_agreed(folder: Path, node: Node) -> None:
    """Node and site tell the same chain; only the last batch may still be on its way."""
    store = Store.opened(folder)
    ours = {r["seq"]: r["chain"] for r in store.rows("SELECT seq, chain FROM envelope")}
    receipted = store.number("SELECT count(*) FROM envelope WHERE state = 'receipted'")
    alerts = store.rows("SELECT * FROM alert")
    store.close()
    theirs = dict(Envelope.objects.filter(node=node).values_list("seq", "chain"))
    assert theirs == {seq: ours[seq] for seq in range(1, len(theirs) + 1)}
    assert set(Envelope.objects.values_list("status", flat=True)) == {"accepted"}
    assert NodeKey.objects.get(node=node).head_seq == len(theirs)
    assert MeterInventory.objects.filter(node=node).exists()
    assert len(theirs) - 1 <= receipted <= len(theirs)
    assert alerts == []
