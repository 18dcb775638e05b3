"""Acceptance 10, the node's side: the real program changes its key with a backlog in hand."""

from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from coop_agent import keys
from coop_agent.store import Store
from metering import services
from metering.models import Envelope, Node, NodeKey
from tests.agent.test_program import QUICK, Program, program, until

__all__ = ["program"]
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_10_the_program_delivers_the_backlog_of_its_old_key_and_goes_on_with_the_next(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    node = let_in(live_server, program, tmp_path)
    before = keys.loaded(program.folder)
    last = backlog(program)
    assert program.ask("rotate", "--later")[0] == 0
    assert keys.loaded(program.folder) != before
    backlog(program, epoch=2)
    process = program.start("run", "--server", live_server.url, *QUICK)
    rows = Envelope.objects.filter(node=node, status="accepted")
    until(lambda: rows.filter(epoch=2).count() >= 3)
    process.terminate()
    assert process.wait() == 0
    assert [key.epoch for key in NodeKey.objects.filter(node=node).order_by("epoch")] == [1, 2]
    numbers = list(rows.filter(epoch=1).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= last
    assert set(Envelope.objects.values_list("status", flat=True)) == {"accepted"}
    assert program.ask("verify") == (0, "the chain is whole\n", "")
    assert "accepted" in program.ask("status")[1]


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_10_rotate_tells_what_the_site_says(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    node = let_in(live_server, program, tmp_path)
    backlog(program)
    status, out, err = program.ask("rotate")
    assert (status, err) == (0, "")
    assert "rotation to epoch 2, accepted" in out
    assert NodeKey.objects.filter(node=node, epoch=2).exists()
    stick = tmp_path / "next"
    assert program.ask("export-next", str(stick), "--remove")[0] == 0
    assert not (program.folder / keys.NEXT).exists()
    status, out, _ = program.ask("rotate", "--next", str(stick))
    assert status == 0 and "rotation to epoch 3, accepted" in out
    (program.folder / keys.KEY).unlink()
    assert program.ask("rotate", "--later")[0] == 1
    status, out, _ = program.ask("rotate", "--lost")
    assert status == 0 and "waits for a steward's approval" in out


def let_in(live_server: LiveServer, program: Program, tmp_path: Path) -> Node:
    """A node that the site knows, and that has delivered something."""
    code = tmp_path / "code"
    arguments = ["run", "--server", live_server.url, "--code-file", str(code), *QUICK]
    process = program.start(*arguments)
    until(code.exists)
    node = services.approve_enrolment(actor=None, user_code=code.read_text(), label="gate")
    until(lambda: Envelope.objects.filter(node=node).count() >= 2)
    process.terminate()
    assert process.wait() == 0
    return node


def backlog(program: Program, epoch: int = 1) -> int:
    """Some batches that could not be delivered; returns the last one's number."""
    process = program.start("run", "--server", NOWHERE, *QUICK)
    store = Store.opened(program.folder)
    query = "SELECT count(*) FROM envelope WHERE epoch = ? AND state <> 'receipted'"
    until(lambda: store.number(query, epoch) >= 2)
    process.terminate()
    assert process.wait() == 0
    last = store.number("SELECT max(seq) FROM envelope WHERE epoch = ?", epoch)
    store.close()
    return last
