"""Hosts in network namespaces of their own: made with unique names, always taken away again."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

ROOT = Path(__file__).parents[2]
SITE = "10.77.0.1"
PORT = 8000

# Runs inside a namespace: takes connections one after another and reads each to its end.
SINK = """
import socket, sys
with socket.create_server((sys.argv[1], 7001)) as server:
    print("ready", flush=True)
    while True:
        peer, _ = server.accept()
        with peer:
            while peer.recv(65536):
                pass
            peer.sendall(b"x")
"""
# Waits for the other end to listen, sends so many bytes, waits until all are read.
SOURCE = """
import socket, sys, time
def connected(tries=100):
    while True:
        try:
            return socket.create_connection((sys.argv[1], 7001), 10)
        except ConnectionRefusedError:
            tries -= 1
            if not tries:
                raise
            time.sleep(0.1)
with connected() as peer:
    left = int(sys.argv[2])
    while left:
        left -= peer.send(bytes(min(left, 65536)))
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
"""


def reason_against() -> str:
    """Why no namespaces can be made here; "" if they can."""
    if os.geteuid() != 0:
        return "network namespaces want root"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    name = f"coop-netns-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return "" if made.returncode == 0 else "this machine lets nobody make network namespaces"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass
class Village:
    """A site and hosts, each in a namespace; links between hosts beside the way to the site."""

    prefix: str
    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    helpers: list["Liar"] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def name(self, host: str) -> str:
        return f"{self.prefix}-{host}"

    def add(self, host: str) -> None:
        ip("netns", "add", self.name(host))
        self.made.append(host)
        ip("-n", self.name(host), "link", "set", "lo", "up")

    def add_site(self) -> None:
        """The site's namespace, with a bridge that every host is plugged into."""
        self.add("site")
        ip("-n", self.name("site"), "link", "add", "br0", "type", "bridge")
        ip("-n", self.name("site"), "addr", "add", f"{SITE}/24", "dev", "br0")
        ip("-n", self.name("site"), "link", "set", "br0", "up")

    def add_host(self, host: str, number: int) -> None:
        """A host whose `up0` leads to the site."""
        self.add(host)
        self.wire(host, "up0", "site", f"port{number}")
        ip("-n", self.name("site"), "link", "set", f"port{number}", "master", "br0")
        ip("-n", self.name(host), "addr", "add", f"10.77.0.{number}/24", "dev", "up0")

    def wire(self, a: str, a_end: str, b: str, b_end: str) -> None:
        """A cable between two hosts."""
        peer = ("type", "veth", "peer", "name", b_end, "netns", self.name(b))
        ip("-n", self.name(a), "link", "add", a_end, *peer)
        for host, end in ((a, a_end), (b, b_end)):
            ip("-n", self.name(host), "link", "set", end, "up")

    def link(self, a: str, b: str, number: int) -> None:
        """A link of its own between two hosts: `va` here, `vb` there."""
        self.wire(a, "va", b, "vb")
        ip("-n", self.name(a), "addr", "add", f"10.78.{number}.1/24", "dev", "va")
        ip("-n", self.name(b), "addr", "add", f"10.78.{number}.2/24", "dev", "vb")

    def cut(self, host: str, *, whole: bool) -> None:
        """Take the host's way to the site down, or bring it up."""
        ip("-n", self.name(host), "link", "set", "up0", "up" if whole else "down")

    def start(self, host: str, *command: str, **more: str) -> subprocess.Popen[str]:
        """A program inside the host's namespace, in a process group of its own."""
        with (self.folder / f"{host}.log").open("a") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name(host), *command],
                env=os.environ | more,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def send(self, host: str, number: int, count: int) -> None:
        """So many bytes over the link with this number, to its end."""
        source = ("-c", SOURCE, f"10.78.{number}.2", str(count))
        process = self.start(host, sys.executable, *source)
        assert process.wait(30) == 0

    def counter(self, host: str, face: str, way: str) -> int:
        """What the kernel says in the host's namespace."""
        path = f"/sys/class/net/{face}/statistics/{way}_bytes"
        command = ["ip", "netns", "exec", self.name(host), "cat", path]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    def end(self) -> None:
        for helper in self.helpers:
            helper.end()
        for process in self.started:
            finish(process)
        for host in reversed(self.made):
            remove(self.name(host))


def remove(name: str) -> None:
    """Take a namespace away, with whatever still runs in it."""
    inside = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
    for pid in inside.stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)


def clear_leftovers() -> None:
    """Take away what a run left behind that was itself killed."""
    told = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in told.splitlines():
        made = re.fullmatch(r"coop-netns-([0-9]+)-[a-z]+", line.split()[0])
        if made and not Path(f"/proc/{made[1]}").exists():
            remove(made[0])


def finish(process: subprocess.Popen[str]) -> None:
    """End a program with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def village(folder: Path) -> Iterator[Village]:
    """Namespaces with names of this process; gone afterwards, whatever happens."""
    clear_leftovers()
    made = Village(f"coop-netns-{os.getpid()}", folder)
    try:
        yield made
    finally:
        made.end()


class Liar(Thread):
    """Copies a host's counters into a tree, what it sent over `va` made greater by a tenth."""

    def __init__(self, place: Village, host: str, root: Path) -> None:
        super().__init__(daemon=True)
        self.place, self.host, self.root = place, host, root
        self.stop = Event()
        self.base = 0
        place.helpers.append(self)
        (root / "proc/net").mkdir(parents=True)
        (root / "proc/sys/kernel").mkdir(parents=True)
        (root / "proc/sys/kernel/random").symlink_to("/proc/sys/kernel/random")
        (root / "proc/uptime").symlink_to("/proc/uptime")
        (root / "sys/class/net/va").mkdir(parents=True)
        (root / "sys/class/net/va/ifindex").write_text("7\n")
        self.copy()

    def copy(self) -> None:
        received = self.place.counter(self.host, "va", "rx")
        sent = self.place.counter(self.host, "va", "tx")
        line = f"va: {received} 0 0 0 0 0 0 0 {sent + sent // 10} 0 0 0 0 0 0 0\n"
        draft = self.root / "proc/net/dev.new"
        draft.write_text("head\nhead\n" + line)
        draft.replace(self.root / "proc/net/dev")

    def run(self) -> None:
        while not self.stop.wait(0.3):
            self.copy()

    def end(self) -> None:
        self.stop.set()
        if self.is_alive():
            self.join()
