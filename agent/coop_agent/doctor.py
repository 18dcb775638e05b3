"""Looking for what could go wrong in the next ten years; each thing is tried for real."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coop_agent import clock, epochs, keys
from coop_agent.errors import AgentError, Unreachable
from coop_agent.store import Store
from coop_agent.wire import Site

if TYPE_CHECKING:
    from coop_agent.drivers.choose import Guarded

LOW_SPACE = 64 * 1024 * 1024
YEAR = 366 * 24 * 3600


class Finding(NamedTuple):
    """One thing the doctor looked at."""

    good: bool
    what: str
    text: str


def examine(
    folder: Path, store: Store, site: Site | None, drivers: list["Guarded"]
) -> list[Finding]:
    """Clock, permissions, keys, disk, store, control groups, site and drivers."""
    findings = [
        _clock(), _privacy(folder), _key(folder, store), _next_key(folder), _age(store),
        _space(folder), _database(store), _groups(), _offload(), _standing(store),
    ]  # fmt: skip
    if site is not None:
        findings.append(_reach(site, store.get("node")))
    return findings + [_source(driver) for driver in drivers]


def _clock() -> Finding:
    kind = clock.quality(clock.now())
    text = {
        "ntp": "synchronised",
        "rtc": "plausible, but not synchronised: run an NTP client",
        "unset": "not set: batches carry no wall times until it is",
    }
    return Finding(kind != "unset", "clock", text[kind])


def _privacy(folder: Path) -> Finding:
    loose = [p.name for p in (folder, *folder.glob("*.key")) if p.stat().st_mode & 0o077]
    return Finding(not loose, "permissions", f"open to others: {loose}" if loose else "private")


def _key(folder: Path, store: Store) -> Finding:
    try:
        keys.current(folder, store)
    except AgentError as error:
        if epochs.newest(store) is None and not (folder / keys.KEY).exists():
            return Finding(True, "key", "none yet: made by `coop-agent enrol`")
        return Finding(False, "key", str(error))
    return Finding(True, "key", "the one that this node signs with")


def _next_key(folder: Path) -> Finding:
    here = (folder / keys.NEXT).exists()
    text = "still beside the first: coop-agent export-next FILE --remove"
    return Finding(True, "next key", text if here else "not on this machine")


def _age(store: Store) -> Finding:
    """Keys are changed once a year: a habit that is there when it is needed."""
    row = store.row("SELECT at FROM epoch ORDER BY epoch DESC LIMIT 1")
    old = row is not None and time.time() - row["at"] > YEAR
    return Finding(not old, "key's age", "over a year: coop-agent rotate" if old else "fine")


def _space(folder: Path) -> Finding:
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    return Finding(free >= LOW_SPACE, "disk", f"{free // 1024**2} MiB free")


def _database(store: Store) -> Finding:
    row = store.row("PRAGMA quick_check")
    text = str(row[0]) if row is not None else "no answer"
    return Finding(text == "ok", "store", text)


def _groups() -> Finding:
    """Control groups are wanted by the drivers that read them only."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    found = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    return Finding(True, "control groups", f"version 2 at {found[0]}" if found else "no version 2")


def _offload() -> Finding:
    """Flow offload lets packets pass by the counters of the firewall; interfaces see them all."""
    modules = Path("/proc/modules")
    text = modules.read_text() if modules.exists() else ""
    busy = any(
        line.split()[0].startswith("nf_flow_table") and line.split()[2] != "0"
        for line in text.splitlines()
    )
    told = "in use: meter interfaces, or count before priority -150" if busy else "not in use"
    return Finding(True, "offload", told)


def _standing(store: Store) -> Finding:
    halted, epoch = store.get("halted"), epochs.newest(store)
    if halted is not None:
        return Finding(False, "standing", str(halted))
    if epoch is not None and epoch.state == "refused":
        return Finding(False, "standing", f"the site refused the next key: {epoch.detail}")
    return Finding(True, "standing", "signing" if epoch is not None else "not enrolled")


def _reach(site: Site, node: str | None) -> Finding:
    started = time.monotonic()
    try:
        answer = site.get(f"/api/v1/agent/config/{node or 'none'}")
    except Unreachable as error:
        return Finding(False, "site", str(error))
    took = round((time.monotonic() - started) * 1000)
    return Finding(answer.status in (200, 404), "site", f"status {answer.status}, {took} ms")


def _source(driver: "Guarded") -> Finding:
    try:
        readings = driver.read(clock.boot_id())
    except AgentError as error:
        return Finding(False, driver.name, str(error))
    wanted = sum(1 for reading in readings if driver.measures(reading.meter))
    return Finding(wanted > 0, driver.name, f"{wanted} meters")
