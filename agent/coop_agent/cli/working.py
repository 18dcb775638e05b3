"""Commands that work until told to stop: enrol, run."""

import shlex
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coop_agent import config, memory
from coop_agent.cli.options import Options
from coop_agent.cli.sources import chosen, site_of
from coop_agent.errors import AgentError, NotEnrolled
from coop_agent.files import held, write_whole
from coop_agent.hooks import Hooks
from coop_agent.loop import Agent, Setup, until_told
from coop_agent.pulse import Pulse, notify
from coop_agent.store import Store
from coop_agent.wire import Site

if TYPE_CHECKING:
    from coop_agent.enrolment import Claim


def enrol(options: Options, folder: Path) -> int:
    with held(folder):
        store = Store.opened(folder)
        site = site_of(options, store)
        store.close()
        return until_told(lambda stop: _enrol(options, folder, site, stop))


def run(options: Options, folder: Path) -> int:
    memory.spare()
    with held(folder):
        store = Store.opened(folder)
        site = site_of(options, store)
        if store.get("node") is None and not options.server:
            raise NotEnrolled("this node is not enrolled: name the site with --server URL")
        wishes = config.Wishes(options.sample, options.record, options.seal)
        config.intervals(store, wishes)
        store.close()
        hooks = Hooks(_words(options.allowance_hook), _words(options.notice_hook))
        setup = Setup(
            folder, site, chosen(options), wishes, options.retry, hooks=hooks, pulse=Pulse()
        )
        notify("READY=1")
        return until_told(lambda stop: _run(options, setup, stop), setup.pulse)


def _run(options: Options, setup: Setup, stop: threading.Event) -> int:
    _enrol(options, setup.folder, setup.site, stop)
    return Agent(setup, stop).run()


def _words(command: str | None) -> list[str]:
    """A command as words; no shell will read it."""
    try:
        return shlex.split(command or "")
    except ValueError as error:
        raise AgentError(f"a hook is not a command: {error}") from error


def _enrol(options: Options, folder: Path, site: Site, stop: threading.Event) -> int:
    store = Store.opened(folder)
    try:
        if store.get("node") is None:
            # Needed once in a node's life: not worth its memory afterwards.
            from coop_agent.enrolment import Enrolment

            tell = partial(_announce, options)
            Enrolment(folder, store, site, stop, tell, options.server_key).run()
        print(f"enrolled as node {store.get('node')}", flush=True)
    finally:
        store.close()
        if options.code_file:
            options.code_file.unlink(missing_ok=True)
    return 0


def _announce(options: Options, claim: "Claim") -> None:
    print(f"Claim code:   {claim.user_code}")
    print(f"Fingerprint:  {claim.words}")
    page = f"{claim.site.rstrip('/')}/nodes/enrol/"
    print(f"Enter the code at {page} and compare the five words of the fingerprint.", flush=True)
    if options.code_file:
        write_whole(options.code_file, claim.user_code.encode() + b"\n")
