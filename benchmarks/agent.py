"""What the node's program costs: memory, processor and writes, of the real program at work.

`python -m benchmarks.agent [SECONDS]` starts the program with eight meters on a site that takes
everything, at intervals sixty times shorter than the usual ones, and reads from /proc what it used.
A minute of it stands for an hour: the share of a processor at the usual interval is a sixtieth.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from coop_agent.store import Store
from tests.agent.site import RunningSite

ROOT = Path(__file__).parents[1]
FASTER = 60
INTERVALS = ["--sample", "1", "--record", "5", "--seal", "15", "--retry", "1"]
METERS = ["netdev:lo,eth0", "cpu", "fs:/", "dir:/etc/ssl", "dir:/etc/apt"]
MIB = 1024


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    running = RunningSite()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measured(Path(folder) / "state", running, seconds), indent=2))
    finally:
        running.stop()


def measured(folder: Path, running: RunningSite, seconds: int) -> dict[str, Any]:
    """Figures of one run; what the start costs is left out of the processor's share."""
    started(folder, "enrol", "--server", running.url).wait()
    process = started(folder, "run", *INTERVALS, *chosen())
    try:
        while len(running.site.batches) < 2:
            time.sleep(0.2)
        before, begun = usage(process.pid), time.monotonic()
        time.sleep(seconds)
        after, passed = usage(process.pid), time.monotonic() - begun
        memory = resident(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    share = (after["cpu"] - before["cpu"]) / passed / FASTER * 100
    return {
        "meters": meters(folder),
        "batches": len(running.site.batches),
        "peak_resident_mib": round(memory["VmHWM"] / MIB, 1),
        "resident_mib": round(memory["VmRSS"] / MIB, 1),
        "private_mib": round(memory["RssAnon"] / MIB, 1),
        "cpu_percent_at_usual_interval": round(share, 4),
        "written_mib_a_day_at_usual_interval": round(
            (after["written"] - before["written"]) / passed / FASTER * 86_400 / MIB**2, 1
        ),
        "python": sys.version.split()[0],
    }


def started(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "coop_agent", "--state", str(folder), *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "agent")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def chosen() -> list[str]:
    return [word for meter in METERS for word in ("--meter", meter)]


def usage(pid: int) -> dict[str, float]:
    """Seconds of processor and bytes that went to the disk so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    io = dict(line.split(": ") for line in lines)
    ticks = os.sysconf("SC_CLK_TCK")
    return {"cpu": (int(fields[11]) + int(fields[12])) / ticks, "written": int(io["write_bytes"])}


def resident(pid: int) -> dict[str, int]:
    """KiB of memory, as the kernel counts them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {k: int(v.split()[0]) for k, _, v in (x.partition(":") for x in lines) if v[-2:] == "kB"}


def meters(folder: Path) -> int:
    with closing(Store.opened(folder)) as store:
        return store.number("SELECT count(*) FROM meter")


if __name__ == "__main__":
    main()
