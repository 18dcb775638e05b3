"""Commands of the node's owner, run when what members may use, or a neighbour, has changed.

A command gets what it needs in its environment and nothing else; no shell reads it. What it was
told is remembered once it ended well, so a restart does not say it again; until then it is said
again after a pause. A kill between the two says it twice: commands must bear that.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable

from coop_agent import allowances, log, notices
from coop_agent.clock import SECOND, Moment
from coop_agent.errors import NotTrusted
from coop_agent.store import Store

TIMEOUT = 30
FIRST_PAUSE, LONGEST_PAUSE = 60, 900
# After a start without a clock of its own a node learns the time within minutes, or not at all.
CLOCK_GRACE = 300 * SECOND
MAX_TEXT = 1000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Environment = dict[str, str]


class Hooks:
    """The commands, each as a list of words; an empty one is not run."""

    def __init__(
        self,
        allowance: list[str] | None = None,
        notice: list[str] | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.allowance = allowance or []
        self.notice = notice or []
        self.timeout = timeout
        self._waits: dict[tuple[str, str], tuple[float, float]] = {}

    def __bool__(self) -> bool:
        return bool(self.allowance or self.notice)

    def act(self, store: Store, moment: Moment, stop: threading.Event) -> None:
        """Tell each command what it was not yet told. May take long; call in a thread apart."""
        for hook, command, due in (
            ("allowance", self.allowance, allowances_due),
            ("notice", self.notice, notices_due),
        ):
            for subject, environment in _due(store, moment, due) if command else ():
                if stop.is_set():
                    return
                self._tell(store, hook, command, subject, environment)

    def _tell(
        self, store: Store, hook: str, command: list[str], subject: str, environment: Environment
    ) -> None:
        pause, until = self._waits.get((hook, subject), (FIRST_PAUSE, 0))
        if time.monotonic() < until:
            return
        problem = run(command, environment, self.timeout)
        if problem:
            self._waits[hook, subject] = (
                min(2 * pause, LONGEST_PAUSE), time.monotonic() + pause,
            )  # fmt: skip
            log.error("the %s hook for %s: %s", hook, subject, problem)
            with store.transaction():
                store.add_alert("hook_failed", f"{hook} hook for {subject}: {problem}")
            return
        self._waits.pop((hook, subject), None)
        with store.transaction():
            store.run(
                "REPLACE INTO hook VALUES (?, ?, ?, ?)",
                hook, subject, json.dumps(environment, sort_keys=True), int(time.time()),
            )  # fmt: skip


Due = Callable[[Store, Moment], list[tuple[str, Environment]]]


def _due(store: Store, moment: Moment, due: Due) -> list[tuple[str, Environment]]:
    try:
        return due(store, moment)
    except NotTrusted as error:
        log.error("nothing is enforced by what cannot be trusted: %s", error)
        return []


def allowances_due(store: Store, moment: Moment) -> list[tuple[str, Environment]]:
    """The assignments whose allowance ended or returned since the command was told.

    One seen for the first time is told as it is. One that the site names no more has ended.
    """
    if moment.wall is None and moment.mono < CLOCK_GRACE:
        return []
    found = allowances.current(store, moment)
    if found is None:
        return []
    told = _told(store, "allowance")
    current = {str(line.assignment): _of_allowance(line) for line in found.lines}
    for subject, before in told.items():
        current.setdefault(subject, before | {"COOP_LEFT": "0", "COOP_STATE": "ended"})
    return [
        (subject, environment)
        for subject, environment in current.items()
        if told.get(subject, {}).get("COOP_STATE") != environment["COOP_STATE"]
    ]


def notices_due(store: Store, moment: Moment) -> list[tuple[str, Environment]]:
    """The neighbours of whom the site says something else than the command was told.

    One of whom it says nothing any more is `withdrawn`.
    """
    told = _told(store, "notice")
    current = {notice.node: _of_notice(notice) for notice in notices.notices(store)}
    for subject, before in told.items():
        current.setdefault(subject, before | {"COOP_STATE": "withdrawn"})
    return [(subject, said) for subject, said in current.items() if told.get(subject) != said]


def _told(store: Store, hook: str) -> dict[str, Environment]:
    rows = store.rows("SELECT subject, state FROM hook WHERE hook = ?", hook)
    return {row["subject"]: json.loads(row["state"]) for row in rows}


def _of_allowance(line: allowances.Allowance) -> Environment:
    has = line.left > 0 or line.over is None or line.over > 0
    return {
        "COOP_ASSIGNMENT": str(line.assignment),
        "COOP_METER": line.meter,
        "COOP_MEMBER": str(line.member),
        "COOP_LEFT": str(line.left),
        "COOP_STATE": "returned" if has else "ended",
    }


def _of_notice(notice: notices.Notice) -> Environment:
    return {
        "COOP_NODE": notice.node,
        "COOP_LABEL": notice.label[:MAX_TEXT],
        "COOP_KEYIDS": " ".join(notice.keyids),
        "COOP_STATE": notice.state,
        "COOP_REASON": notice.reason[:MAX_TEXT],
        "COOP_SINCE": notice.since,
        "COOP_UNTIL": notice.until,
        "COOP_LINKS": " ".join(f"{own}={other}" for own, other in notice.links),
    }


def run(command: list[str], environment: Environment, timeout: float) -> str:
    """Run a command to its end, or to that of its time; what went wrong, or an empty text.

    Its signals are its own: the agent blocks some, and a child would inherit that.
    """
    path = {"PATH": os.environ.get("PATH", PATH)}
    null = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    try:
        pid = os.posix_spawnp(
            command[0], command, path | environment,
            file_actions=[null, quiet], setpgroup=0, setsigmask=[],
        )  # fmt: skip
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return _ended(pid, time.monotonic() + timeout)


def _ended(pid: int, until: float) -> str:
    pause = threading.Event()
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return "" if code == 0 else f"ended with {code}"
        pause.wait(0.05)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "took too long"
