"""A village in network namespaces: real programs, real traffic, a cut cable and a liar.

Five namespaces on this machine: the site behind gunicorn, an honest pair of nodes with the Python
agent, and a pair of which one lies and the other is a router with the sh agent. About a minute.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from coop.invariants import all_broken
from coop_agent.store import Store
from metering import services
from metering.models import Dispute, Envelope, LinkHour, LinkPair, Meter, Node, Reading
from policies.models import PolicyValue
from tests.agent.lite import LITE, needs_signer, until
from tests.metering.world import Valley, make_valley
from tests.netns.hosts import PORT, ROOT, SINK, SITE, Liar, Village, reason_against, village
from tokens.models import Usage

MB = 10**6
URL = f"http://{SITE}:{PORT}"
AGENTS = ("a", "b", "c")
WHY_NOT = reason_against()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as made:
        made.add_site()
        for number, host in enumerate(("a", "b", "c", "d"), 2):
            made.add_host(host, number)
        made.link("a", "b", 1)
        made.link("c", "d", 2)
        yield made


def start_site(place: Village) -> None:
    """gunicorn on the address of its namespace, with the database of this test."""
    url = urlsplit(os.environ["DATABASE_URL"])
    mine = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    arguments = ("-m", "gunicorn", "coop.wsgi", f"--bind={SITE}:{PORT}", "--workers=2")
    place.start(
        "site", sys.executable, *arguments, "--no-control-socket",
        DATABASE_URL=mine, COOP_HOSTS=SITE,
    )  # fmt: skip


def start_agent(place: Village, host: str, face: str, root: str = "") -> subprocess.Popen[str]:
    quick = ("--sample", "1", "--record", "1", "--seal", "2", "--retry", "1")
    folder = str(place.folder / f"state-{host}")
    return place.start(
        host, sys.executable, "-m", "coop_agent", "--state", folder, "run", "--server", URL,
        "--code-file", str(place.folder / f"code-{host}"), "--meter", f"netdev:{face}", *quick,
        PYTHONPATH=str(ROOT / "agent"), COOP_ROOT=root,
    )  # fmt: skip


def start_lite(place: Village, host: str) -> subprocess.Popen[str]:
    conf = place.folder / "lite.conf"
    conf.write_text(
        f"SERVER={URL}\nSTATE={place.folder}/flash\nRUN={place.folder}/memory\nINTERFACES='v*'\n"
        f"CODE_FILE={place.folder}/code-{host}\nWISH_SAMPLE=1 WISH_RECORD=1 WISH_SEAL=2\n"
    )
    command = ("sh", str(LITE / "coop-lite"), "-c", str(conf), "run")
    return place.start(host, *command, COOP_LIB=str(LITE / "lib"))


def let_in(place: Village, host: str) -> Node:
    code = place.folder / f"code-{host}"
    until(lambda: code.exists() and code.read_text())
    return services.approve_enrolment(actor=None, user_code=code.read_text(), label=host)


def meter(node: Node, name: str) -> Meter:
    return Meter.objects.get(node=node, name=name)


def is_counting(node: Node, name: str) -> bool:
    services.rate_waiting()
    return Reading.objects.filter(meter__node=node, meter__name=name).exists()


def assign(valley: Valley, node: Node) -> None:
    """What the node sends over its link is Ben's use; wait until a record lies within that."""
    services.assign_meter(
        actor=valley.steward,
        meter=meter(node, "if:va:tx"),
        member=valley.ben,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
    )
    rows = Reading.objects.filter(meter__node=node, assignment__isnull=False)
    until(lambda: services.rate_waiting() is not None and rows.exists())


def compare_minutes() -> None:
    """An hour is compared where both ends measured nearly all of it; here a minute must do.

    No founding could agree to that (at most half an hour may be missing), so it is written as is.
    """
    PolicyValue.objects.create(
        key="link_gap_seconds", value=3590, valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        source="founding",
    )  # fmt: skip


def linked(a: Node, b: Node) -> LinkPair:
    return services.declare_link(
        actor=None,
        label="",
        a_tx=meter(a, "if:va:tx"),
        a_rx=meter(a, "if:va:rx"),
        b_tx=meter(b, "if:vb:tx"),
        b_rx=meter(b, "if:vb:rx"),
        since=timezone.now().replace(minute=0, second=0, microsecond=0),
    )


def arrived(node: Node, name: str, value: int) -> bool:
    """Whether the site has a reading of at least this value."""
    services.rate_waiting()
    newest = Reading.objects.filter(meter__node=node, meter__name=name).order_by("-pk").first()
    return newest is not None and newest.value >= value


def counted(node: Node, name: str) -> int:
    rows = Reading.objects.filter(meter__node=node, meter__name=name)
    return sum(rows.values_list("quantity", flat=True))


def first_value(node: Node, name: str) -> int:
    row = Reading.objects.filter(meter__node=node, meter__name=name).order_by("pk").first()
    assert row is not None
    return int(row.value)


def undelivered(place: Village, host: str) -> int:
    store = Store.opened(place.folder / f"state-{host}")
    try:
        return store.number("SELECT count(*) FROM envelope WHERE state = 'sealed'")
    finally:
        store.close()


@needs_signer
@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.timeout(300, func_only=True)
@pytest.mark.django_db(transaction=True)
def test_a_village_is_metered_over_a_cut_cable_and_the_liar_found(place: Village) -> None:
    valley = make_valley()
    compare_minutes()
    start_site(place)
    liar = Liar(place, "c", place.folder / "lie")
    liar.start()
    running = [start_agent(place, "a", "va"), start_agent(place, "b", "vb")]
    running += [start_agent(place, "c", "va", str(liar.root)), start_lite(place, "d")]
    nodes = {host: let_in(place, host) for host in "abcd"}
    for host, node in nodes.items():
        face = "va" if host in "ac" else "vb"
        until(lambda node=node, face=face: is_counting(node, f"if:{face}:rx"))
    links = [linked(nodes["a"], nodes["b"]), linked(nodes["c"], nodes["d"])]
    assign(valley, nodes["a"])
    assign(valley, nodes["c"])
    for host, number in (("b", 1), ("d", 2)):
        place.start(host, sys.executable, "-c", SINK, f"10.78.{number}.2")
    place.send("a", 1, 20 * MB)
    place.send("c", 2, 30 * MB)
    cut_and_mend(place, nodes["a"])
    truth = {host: place.counter(host, "va", "tx") for host in "ac"}
    until(lambda: arrived(nodes["a"], "if:va:tx", truth["a"]))
    until(lambda: arrived(nodes["b"], "if:vb:rx", truth["a"] - MB // 10))
    until(lambda: arrived(nodes["c"], "if:va:tx", truth["c"] * 11 // 10))
    until(lambda: arrived(nodes["d"], "if:vb:rx", truth["c"] - MB // 10))
    stop(running)
    while services.rate_waiting():
        pass
    assert_metered(place, nodes, truth)
    assert_found(links, nodes)


def cut_and_mend(place: Village, node: Node) -> None:
    """With the way to the site down, a node meters on; all of it arrives when it is up again."""
    place.cut("a", whole=False)
    place.send("a", 1, 5 * MB)
    until(lambda: undelivered(place, "a") >= 3)
    stored = Envelope.objects.filter(node=node).count()
    place.cut("a", whole=True)
    until(lambda: Envelope.objects.filter(node=node).count() >= stored + 3)


def stop(running: list[subprocess.Popen[str]]) -> None:
    for process in running:
        os.killpg(process.pid, signal.SIGTERM)
    for process in running:
        process.wait(60)


def assert_metered(place: Village, nodes: dict[str, Node], truth: dict[str, int]) -> None:
    """No byte more or less than the kernel counted; every batch stored, in one chain, receipted."""
    sent = counted(nodes["a"], "if:va:tx")
    assert sent >= 25 * MB
    assert sent >= truth["a"] - first_value(nodes["a"], "if:va:tx")
    for node in nodes.values():
        rows = Envelope.objects.filter(node=node)
        assert set(rows.values_list("status", flat=True)) == {"accepted"}
        assert sorted(rows.values_list("seq", flat=True)) == list(range(1, rows.count() + 1))
    for host in AGENTS:
        command = ["--state", str(place.folder / f"state-{host}"), "verify"]
        env = os.environ | {"PYTHONPATH": str(ROOT / "agent")}
        done = subprocess.run(
            [sys.executable, "-m", "coop_agent", *command], env=env, capture_output=True, text=True
        )
        assert done.stdout == "the chain is whole\n"
    assert all_broken() == []


def assert_found(links: list[LinkPair], nodes: dict[str, Node]) -> None:
    """The honest pair agrees; of the other the receiver's number counts, and a dispute is open.

    The hour is compared as if it were over, which the invariants, looking at the clock, would miss.
    """
    before = sum(Usage.objects.values_list("amount", flat=True))
    services.compare_links(now=timezone.now() + timedelta(hours=30))
    honest, lied = (LinkHour.objects.filter(pair=link, way="ab") for link in links)
    assert set(honest.values_list("outcome", flat=True)) == {"agree"}
    assert "missing" in set(lied.values_list("outcome", flat=True))
    disputes = list(Dispute.objects.all())
    assert {dispute.link for dispute in disputes} == {links[1]}
    for dispute in disputes:
        signers = {row.envelope.node for row in dispute.evidence.select_related("envelope__node")}
        assert signers == {nodes["c"], nodes["d"]}
    after = sum(Usage.objects.values_list("amount", flat=True))
    # A tenth of 30 MB was invented: three millitokens, and what the bytes around the data make.
    assert 3 <= before - after <= 4
