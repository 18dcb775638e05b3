"""Commands that look and tell: status, allowances, meters, verify, doctor; and honour."""

import json
import sys
from pathlib import Path
from typing import Any

from coop_agent import allowances, report, vouchers
from coop_agent import doctor as examination
from coop_agent.chain import chain_problems
from coop_agent.cli.options import Options
from coop_agent.cli.sources import chosen
from coop_agent.clock import boot_id, now, spelled
from coop_agent.errors import AgentError
from coop_agent.store import Store
from coop_agent.wire import Site


def status(options: Options, folder: Path) -> int:
    facts = report.status(folder, Store.opened(folder))
    if options.json:
        print(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):18}{_shown(value)}")
    return 1 if facts["halted"] or facts["node"] is None else 0


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return "; ".join(f"{item['code']}: {item['text']}" for item in value) or "none"
    return str(value)


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


def meters(options: Options, folder: Path) -> int:
    failed = 0
    for source in chosen(options):
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
    problems = chain_problems(Store.opened(folder))
    for problem in problems:
        print(problem)
    if not problems:
        print("the chain is whole")
    return 1 if problems else 0


def doctor(options: Options, folder: Path) -> int:
    store = Store.opened(folder)
    url = store.get("site")
    site = Site(str(url), options.ca) if url else None
    findings = examination.examine(folder, store, site, chosen(options))
    for finding in findings:
        print(f"{'ok  ' if finding.good else 'BAD '} {finding.what:20} {finding.text}")
    return 0 if all(finding.good for finding in findings) else 1
