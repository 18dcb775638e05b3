"""The command line. Exit codes: 0 all holds, 1 something is broken, 2 nothing could be checked."""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from coop_verify.checks import Check, Request
from coop_verify.decisions import DecisionCheck
from coop_verify.errors import Unreadable
from coop_verify.metered import EvidenceCheck
from coop_verify.note import Key
from coop_verify.proofs import check_consistency, check_proof
from coop_verify.receipt import Receipt, kept_as
from coop_verify.report import Report, printable

HOLDS, BROKEN, UNREADABLE = 0, 1, 2
ABOUT = """\
Checks a bundle of a cooperative's books. More forms:
  coop-verify evidence DIR [--key KEY]        what nodes signed, counted anew (export_evidence)
  coop-verify receipt FILE --key KEY          a ballot is on its board, and was counted there
  coop-verify decisions DIR [--key KEY] [--books BUNDLE]
                                              votes, counted anew (export_decisions)
  coop-verify proof FILE --key KEY            a leaf is in the log (a .tlog-proof file)
  coop-verify consistency OLD NEW PROOF.json  one checkpoint is the beginning of another
Exit code 0: everything holds; 1: something is broken; 2: the input cannot be read.
"""
KEY_HELP = "the cooperative's public key, from elsewhere: 64 hex digits or a note key"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    commands = {
        "proof": _proof,
        "consistency": _consistency,
        "evidence": _evidence,
        "receipt": _receipt,
        "decisions": _decisions,
    }
    command = commands.get(given[0]) if given else None
    try:
        return command(given[1:]) if command else _bundle(given)
    except (Unreadable, OSError) as error:
        print(f"coop-verify: {printable(str(error))}", file=sys.stderr)
        return UNREADABLE


def _bundle(given: Sequence[str]) -> int:
    options = _bundle_options().parse_args(given)
    check = Check(
        Request(
            bundle=options.bundle,
            key=Key.read(options.key) if options.key else None,
            checkpoints=options.checkpoint,
            archives=options.archive,
        )
    )
    report = check.run()
    print(_as_json(check, report) if options.json else _as_text(check, report))
    return HOLDS if report.holds else BROKEN


def _bundle_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coop-verify", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, help="the folder that export_books wrote")
    parser.add_argument("--key", help=KEY_HELP)
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE",
        help="a checkpoint or proof file that you kept; as often as you like",
    )  # fmt: skip
    parser.add_argument(
        "--archive", type=Path, action="append", default=[], metavar="FOLDER",
        help="an older bundle that still has the entries which this one has not",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    return parser


def _facts(check: Check) -> dict[str, object]:
    manifest = check.manifest
    return {
        "cooperative": manifest.cooperative,
        "origin": manifest.origin,
        "kind": manifest.kind,
        "exported_at": manifest.exported_at,
        "size": manifest.size,
        "root": check.bundle.checkpoint.root.hex(),
        "key": check.key.fingerprint,
        "key_given": check.request.key is not None,
    }


def _as_json(check: Check, report: Report) -> str:
    return json.dumps({**_facts(check), **report.as_dict()}, indent=2)


def _as_text(check: Check, report: Report) -> str:
    facts = _facts(check)
    head = [
        f"{facts['cooperative']}: {facts['kind']} books of {facts['exported_at']}",
        f"log {facts['origin']}, {facts['size']} leaves, root {facts['root']}",
        f"key {facts['key']}{'' if facts['key_given'] else ' (the bundle says so itself)'}",
    ]
    return _told(head, report)


def _told(head: Sequence[str], report: Report) -> str:
    broken = sum(promise.found > 0 for promise in report.promises.values())
    verdict = f"{broken} promise{' is' if broken == 1 else 's are'} broken."
    last = verdict if broken else "Everything that was checked holds."
    notes = [f"Note: {note}" for note in report.notes]
    return "\n".join([*(printable(line) for line in head), *report.lines(), *notes, last])


def _evidence(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="coop-verify evidence")
    parser.add_argument("folder", type=Path, help="the folder that export_evidence wrote")
    parser.add_argument("--key", help=KEY_HELP)
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    options = parser.parse_args(given)
    check = EvidenceCheck(options.folder, Key.read(options.key) if options.key else None)
    report, manifest = check.run(), check.manifest
    seen = dict(sorted(check.seen.items()))
    if options.json:
        print(json.dumps({"kind": manifest.kind, "seen": seen, **report.as_dict()}, indent=2))
    else:
        counts = ", ".join(f"{number} {name}" for name, number in seen.items())
        head = f"{manifest.cooperative}: evidence of {manifest.exported_at}"
        print(_told([head, counts or "nothing in it"], report))
    return HOLDS if report.holds else BROKEN


def _receipt(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="coop-verify receipt")
    parser.add_argument("file", type=Path, help="the file from the page of the receipt")
    parser.add_argument("--key", required=True, help=KEY_HELP)
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    options = parser.parse_args(given)
    receipt = Receipt(options.file, Key.read(options.key))
    report = receipt.run()
    if options.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        shown = kept_as(receipt.file) if report.promises["ballot"].state == "ok" else "unknown"
        head = f"vote {receipt.proposal}, entry {receipt.index} of its board: {shown}"
        print(_told([head], report))
    return HOLDS if report.holds else BROKEN


def _decisions(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="coop-verify decisions")
    parser.add_argument("folder", type=Path, help="the folder that export_decisions wrote")
    parser.add_argument("--key", help=KEY_HELP)
    parser.add_argument("--books", type=Path, metavar="BUNDLE", help="of the same day or later")
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    options = parser.parse_args(given)
    key = Key.read(options.key) if options.key else None
    check = DecisionCheck(options.folder, key, options.books)
    report, manifest, seen = check.run(), check.manifest, dict(sorted(check.seen.items()))
    if options.json:
        print(json.dumps({"kind": manifest.kind, "seen": seen, **report.as_dict()}, indent=2))
    else:
        counts = ", ".join(f"{number} {name}" for name, number in seen.items() if number)
        head = f"{manifest.cooperative}: decisions of {manifest.exported_at}"
        print(_told([head, counts or "nothing in it"], report))
    return HOLDS if report.holds else BROKEN


def _proof(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="coop-verify proof")
    parser.add_argument("file", type=Path, help="a .tlog-proof file")
    parser.add_argument("--key", required=True, help=KEY_HELP)
    options = parser.parse_args(given)
    wrong, proof = check_proof(options.file, Key.read(options.key))
    head = proof.checkpoint
    good = f"leaf {proof.index} of {head.size} in the log {head.origin}: {_shown(proof.leaf)}"
    return _say(wrong, good)


def _consistency(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="coop-verify consistency")
    for name in ("old", "new", "proof"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--key", help=KEY_HELP)
    options = parser.parse_args(given)
    key = Key.read(options.key) if options.key else None
    wrong = check_consistency(options.old, options.new, options.proof, key)
    signed = "" if key else " (without --key nothing is known of who signed them)"
    return _say(wrong, f"{options.old} is the beginning of {options.new}{signed}")


def _say(wrong: Sequence[str], good: str) -> int:
    for sentence in wrong:
        print(f"BROKEN  {printable(sentence)}")
    if not wrong:
        print(f"ok      {printable(good)}")
    return BROKEN if wrong else HOLDS


def _shown(leaf: bytes) -> str:
    return leaf.decode(errors="replace")
