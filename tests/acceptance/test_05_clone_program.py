"""Acceptance 5, the node's side: the real program, restored from a backup or from a cloned disk.

It stops before it would fork: the site holds one chain, and the person is told what to do.
"""

import json
import shutil
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from metering.models import Envelope, EnvelopeConflict, Node
from tests.acceptance.test_10_rotation_program import let_in
from tests.agent.test_program import QUICK, Program, program, until

__all__ = ["program"]


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_05_a_program_restored_from_a_backup_stops_and_never_forks(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    node = let_in(live_server, program, tmp_path)
    backup = tmp_path / "backup"
    shutil.copytree(program.folder, backup)
    stored = Envelope.objects.filter(node=node)
    before = stored.count()
    process = program.start("run", *QUICK)
    until(lambda: stored.count() >= before + 3)
    process.terminate()
    assert process.wait() == 0
    chains = list(stored.order_by("seq").values_list("seq", "chain"))
    restored = Program(backup)
    process = restored.start("run", *QUICK)
    until(lambda: halted(restored))
    assert process.poll() is None, "it goes on metering"
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert list(stored.order_by("seq").values_list("seq", "chain")) == chains
    assert not EnvelopeConflict.objects.exists()
    assert Node.objects.get(pk=node.pk).state == Node.State.ACTIVE
    assert "restored_or_cloned" in str(halted(restored))


def halted(program: Program) -> str | None:
    status, out, _ = program.ask("status", "--json")
    found: str | None = json.loads(out)["halted"]
    assert status == (1 if found else 0)
    return found
