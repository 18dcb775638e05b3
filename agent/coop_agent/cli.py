"""The command line. Data goes to standard output, what happens meanwhile to standard error."""

import argparse
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coop_agent import __version__, allowances, config, report, vouchers
from coop_agent.clock import boot_id, now, spelled
from coop_agent.drivers.choose import DEFAULT, FORMS, Guarded, driver
from coop_agent.enrolment import Claim, Enrolment
from coop_agent.errors import AgentError, NotEnrolled, Stopping
from coop_agent.files import held, private_folder, write_whole
from coop_agent.loop import Agent, Setup, until_told
from coop_agent.store import Store
from coop_agent.wire import Site

Options = argparse.Namespace


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="coop-agent: %(message)s")
    command: Callable[[Options, Path], int] = options.command
    try:
        return command(options, private_folder(options.state))
    except Stopping:
        return 0
    except (AgentError, OSError) as error:
        print(f"coop-agent: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="coop-agent", description=__doc__)
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument(
        "--state", type=Path, default=_default_state(), help="folder of keys and queue"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _site_options(_command(commands, "enrol", enrol, "get an identity from the cooperative"))
    _run_options(_command(commands, "run", run, "meter, sign and deliver until told to stop"))
    shown = _command(commands, "status", status, "how far it is, and what needs a person")
    shown.add_argument("--json", action="store_true")
    told = _command(commands, "allowances", allowed, "what members may use, as the site signed it")
    told.add_argument("--json", action="store_true")
    _meter_option(_command(commands, "meters", meters, "read every meter once"))
    _export_options(_command(commands, "export", export, "write undelivered batches to a file"))
    _voucher_options(_command(commands, "honour", honour, "give what a voucher stands for"))
    _command(commands, "verify", verify, "check the node's own chain and receipts")
    examined = _command(commands, "doctor", doctor, "look for what could go wrong")
    _meter_option(examined)
    _ca_option(examined)
    return top


def _command(
    commands: Any, name: str, function: Callable[[Options, Path], int], text: str
) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    sub.set_defaults(command=function)
    return sub


def _default_state() -> Path:
    return Path(os.environ.get("STATE_DIRECTORY", "/var/lib/coop-agent"))


def _site_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--server", metavar="URL", help="address of the cooperative's site")
    sub.add_argument("--server-key", metavar="HEX", type=bytes.fromhex, help="pin its key now")
    sub.add_argument("--code-file", metavar="FILE", type=Path, help="write the claim code there")
    _ca_option(sub)


def _ca_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--ca", metavar="FILE", type=Path, help="certificate of a site of one's own")


def _meter_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--meter", action="append", metavar="WHAT", help=f"{FORMS}; default: {', '.join(DEFAULT)}"
    )


def _run_options(sub: argparse.ArgumentParser) -> None:
    _site_options(sub)
    _meter_option(sub)
    for name in ("sample", "record", "seal"):
        sub.add_argument(f"--{name}", type=int, metavar="SECONDS", help="instead of the site's")
    sub.add_argument("--retry", type=int, default=5, metavar="SECONDS", help="first retry after")


def _export_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path)
    sub.add_argument("--all", action="store_true", help="receipted ones too")


def _voucher_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", help="the voucher's file, or - for standard input")
    sub.add_argument(
        "--use", type=int, metavar="RAW", help="so much of it, in its unit; default: all left"
    )
    sub.add_argument("--check", action="store_true", help="only look whether it is good here")


def enrol(options: Options, folder: Path) -> int:
    with held(folder):
        store = Store.opened(folder)
        site = _site(options, store)
        store.close()
        return until_told(lambda stop: _enrol(options, folder, site, stop))


def run(options: Options, folder: Path) -> int:
    with held(folder):
        store = Store.opened(folder)
        site = _site(options, store)
        if store.get("node") is None and not options.server:
            raise NotEnrolled("this node is not enrolled: name the site with --server URL")
        wishes = config.Wishes(options.sample, options.record, options.seal)
        config.intervals(store, wishes)
        store.close()
        setup = Setup(folder, site, _drivers(options), wishes, options.retry)
        return until_told(lambda stop: _run(options, setup, stop))


def _run(options: Options, setup: Setup, stop: threading.Event) -> int:
    _enrol(options, setup.folder, setup.site, stop)
    return Agent(setup, stop).run()


def _enrol(options: Options, folder: Path, site: Site, stop: threading.Event) -> int:
    store = Store.opened(folder)
    try:
        Enrolment(
            folder, store, site, stop, lambda c: _announce(c, options), options.server_key
        ).run()
        print(f"enrolled as node {store.get('node')}", flush=True)
    finally:
        store.close()
        if options.code_file:
            options.code_file.unlink(missing_ok=True)
    return 0


def _announce(claim: Claim, options: Options) -> None:
    print(f"Claim code:   {claim.user_code}")
    print(f"Fingerprint:  {claim.words}")
    print(f"Enter the code at {claim.site} and compare the fingerprint.", flush=True)
    if options.code_file:
        write_whole(options.code_file, claim.user_code.encode() + b"\n")


def _site(options: Options, store: Store) -> Site:
    """The site named on the command line, else the one the node enrolled at."""
    url = options.server or store.get("site")
    if not url:
        raise NotEnrolled("name the site with --server URL")
    return Site(str(url), options.ca)


def _drivers(options: Options) -> list[Guarded]:
    return [Guarded(driver(spec)) for spec in dict.fromkeys(options.meter or DEFAULT)]


def status(options: Options, folder: Path) -> int:
    facts = report.status(folder, Store.opened(folder))
    if options.json:
        print(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):18}{_shown(value)}")
    return 1 if facts["halted"] or facts["node"] is None else 0


def allowed(options: Options, folder: Path) -> int:
    found = allowances.current(Store.opened(folder), now())
    if found is None:
        print("{}" if options.json else "the site has not told any allowances yet")
        return 1
    if options.json:
        print(json.dumps(found.as_dict(), indent=2))
        return 0
    print(f"{'hold until' if found.holds else 'expired, all zero since'} {found.until}")
    for line in found.lines:
        beyond = "no limit" if line.over is None else line.over
        print(f"{line.meter:32} member {line.member}: {line.left} left, beyond: {beyond}")
    return 0


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return "; ".join(f"{item['code']}: {item['text']}" for item in value) or "none"
    return str(value)


def meters(options: Options, folder: Path) -> int:
    failed = 0
    for source in _drivers(options):
        try:
            readings = source.read(boot_id())
        except AgentError as error:
            print(f"coop-agent: {error}", file=sys.stderr)
            failed = 1
            continue
        for reading in readings:
            if source.measures(reading.meter):
                print(f"{reading.meter:32} {reading.value:>20} {reading.unit}")
    return failed


def export(options: Options, folder: Path) -> int:
    count = report.export(folder, Store.opened(folder), options.file, everything=options.all)
    print(f"{count} batches written to {options.file}")
    return 0


def honour(options: Options, folder: Path) -> int:
    store = Store.opened(folder)
    voucher = vouchers.read(vouchers.text_from(options.file), vouchers.server_keys(store))
    if options.check:
        left = vouchers.checked(store, voucher, now())
        print(f"good here: {left} {voucher.unit} of {voucher.quantity} are left")
        return 0
    given = vouchers.honour(store, voucher, options.use, now())
    print(f"honoured {given.used} {voucher.unit} of {voucher.resource}, {voucher.pool}")
    print(f"left on this node: {given.left} {voucher.unit} until {spelled(voucher.not_after)}")
    return 0


def verify(options: Options, folder: Path) -> int:
    problems = report.chain_problems(folder, Store.opened(folder))
    for problem in problems:
        print(problem)
    if not problems:
        print("the chain is whole")
    return 1 if problems else 0


def doctor(options: Options, folder: Path) -> int:
    store = Store.opened(folder)
    url = store.get("site")
    site = Site(str(url), options.ca) if url else None
    findings = report.examine(folder, store, site, _drivers(options))
    for finding in findings:
        print(f"{'ok  ' if finding.good else 'BAD '} {finding.what:20} {finding.text}")
    return 0 if all(finding.good for finding in findings) else 1
