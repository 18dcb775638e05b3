"""A client that shares no line with the agent or the site works against the real site."""

import ast
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from metering import services
from metering.models import Envelope, Meter, Reading
from tests.agent.lite import until
from tests.metering.world import make_valley

CLIENT = Path(__file__).with_name("stranger.py")
MB = 10**6


def knows_ed25519() -> bool:
    """Whether there is an openssl that signs raw messages with Ed25519: 3.0 or newer."""
    found = shutil.which("openssl")
    if found is None:
        return False
    told = subprocess.run([found, "version"], capture_output=True, text=True).stdout.split()
    return int(told[1].partition(".")[0]) >= 3


def call(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(CLIENT), *arguments], text=True, cwd="/")


def test_the_client_is_short_and_of_another_making() -> None:
    text = CLIENT.read_text()
    assert len(text.splitlines()) <= 150
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            assert all(name.name.split(".")[0] in sys.stdlib_module_names for name in node.names)
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in sys.stdlib_module_names


@pytest.mark.skipif(not knows_ed25519(), reason="no openssl 3")
@pytest.mark.timeout(240, func_only=True)
@pytest.mark.django_db(transaction=True)
def test_a_stranger_is_let_in_counts_and_holds_receipts(
    live_server: LiveServer, tmp_path: Path
) -> None:
    valley, folder = make_valley(), tmp_path / "stranger"
    asking = call("enrol", str(folder), live_server.url)
    until((folder / "code").exists)
    until(lambda: (folder / "code").read_text())
    node = services.approve_enrolment(
        actor=None, user_code=(folder / "code").read_text(), label="stranger"
    )
    assert asking.wait() == 0
    assert call("send", str(folder), live_server.url, "5000").wait() == 0
    services.rate_waiting()
    services.assign_meter(
        actor=valley.steward,
        meter=Meter.objects.get(node=node),
        member=valley.ben,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
    )
    # A record counts for the assignment that it lies in as a whole, and it says whole seconds.
    assigned = timezone.now()
    until(lambda: timezone.now() >= assigned + timedelta(seconds=1))
    assert call("send", str(folder), live_server.url, "5000").wait() == 0
    values = [str(5_000 + n * MB) for n in (3, 4, 9)]
    assert call("send", str(folder), live_server.url, *values).wait() == 0
    while services.rate_waiting():
        pass
    rows = Reading.objects.filter(meter__node=node, state="rated").order_by("pk")
    assert [q for q in rows.values_list("quantity", flat=True) if q] == [3 * MB, 1 * MB, 5 * MB]
    assert set(Envelope.objects.filter(node=node).values_list("status", flat=True)) == {"accepted"}
    assert len(json.loads((folder / "memory.json").read_text())["receipts"]) == 5
