"""The command line. Exit codes: 0 done, 1 a check found something, 2 nothing could be done."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coop_trustee import answers, ballots, canonical, deals, locked, tallies
from coop_trustee.errors import Refused
from coop_trustee.sets import FORMAT as SET
from coop_trustee.sets import ClosedSet

DONE, FOUND, REFUSED = 0, 1, 2
PUBLISHED = "coop-published-tally/1"
KEY_HELP = "the cooperative's public key from somewhere else than this file: 64 hex digits"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except (Refused, OSError) as error:
        print(f"coop-trustee: {error}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coop-trustee", description="Sealed votes, on a machine that is not the site's."
    )
    commands = parser.add_subparsers(required=True)
    _add_trustee_commands(commands)
    _add_voter_commands(commands)
    return parser


def _add_trustee_commands(commands: Any) -> None:
    keygen = _command(commands, "keygen", _keygen, "make a trustee's key, in a new file")
    keygen.add_argument("file", type=Path)
    keygen.add_argument("--label", required=True, help="how the key is called on the site")
    deal = _command(commands, "deal", _deal, "make a vote's key and deal it to its trustees")
    deal.add_argument("ceremony", type=Path, help="the file of trustees from the site")
    deal.add_argument("--out", type=Path, required=True, help="the deal, for the site")
    share = _command(commands, "open", _open, "take one's share out of a deal, and check it")
    share.add_argument("deal", type=Path)
    share.add_argument("--key", type=Path, required=True, metavar="FILE", help="your key file")
    share.add_argument("--out", type=Path, help="write the share here, to bring it to the count")
    tally = _command(commands, "tally", _tally, "open and count the closed set, with k shares")
    tally.add_argument("set", type=Path, help="the closed set from the site")
    tally.add_argument("--key", required=True, help=KEY_HELP)
    tally.add_argument("--share", type=Path, action="append", default=[], metavar="FILE")
    tally.add_argument("--out", type=Path, required=True, help="the tally, for the site")


def _add_voter_commands(commands: Any) -> None:
    seal = _command(commands, "seal", _seal, "seal a ballot on one's own machine")
    seal.add_argument("paper", type=Path, help="the ballot paper from the site")
    seal.add_argument("--choice", help="the answer; without it you are asked")
    seal.add_argument("--notice", help="the hash of the notice, from a mail or another member")
    seal.add_argument("--out", type=Path, help="write the ballot here; otherwise to the screen")
    check = _command(commands, "check", _check, "find one's ballot in a published tally")
    check.add_argument("tally", type=Path, help="the published tally from the site")
    check.add_argument("--tracker", help="your tracker")
    check.add_argument("--set", type=Path, help="the closed set, to see that all of it was counted")
    check.add_argument("--key", help=KEY_HELP + " (with --set)")


def _command(commands: Any, name: str, run: Any, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def _keygen(options: argparse.Namespace) -> int:
    if options.file.exists():
        raise Refused(f"{options.file} is there already, and is left as it is")
    passphrase = _hidden(f"A passphrase for {options.file}")
    if _hidden("Once more") != passphrase:
        raise Refused("the two are not the same; nothing was made")
    content = locked.new_key(options.label, passphrase)
    canonical.write(options.file, content, secret=True)
    print(f"public key   {content['public_key']}")
    return DONE


def _deal(options: argparse.Namespace) -> int:
    ceremony = canonical.read(options.ceremony, deals.CEREMONY)
    made = deals.deal(ceremony)
    canonical.write(options.out, made)
    number = len(made["trustees"])
    print(f"{made['threshold']} of {number} shares open vote {made['proposal']}")
    print(f"the vote's key   {made['public_key']}")
    print(f"hash of the deal {canonical.digest(made)}")
    print("The secret was never written to a file. Switch this machine off, and wipe it.")
    return DONE


def _open(options: argparse.Namespace) -> int:
    deal = canonical.read(options.deal, deals.DEAL)
    key = canonical.read(options.key, locked.FORMAT)
    share = deals.open_share(
        deal, locked.unlocked(key, _hidden(f"The passphrase of {options.key}"))
    )
    print(f"share {share.x} of vote {share.proposal} is the one that the deal announces")
    print(f"hash of the deal {canonical.digest(deal)}")
    if options.out is not None:
        canonical.write(options.out, share.as_json(), secret=True)
    return DONE


def _tally(options: argparse.Namespace) -> int:
    closed = ClosedSet.read(canonical.read(options.set, SET), _public_key(options.key))
    print(f"vote {closed.notice['proposal']}: {closed.notice['title']}")
    print(f"board of {closed.board['size']} entries, head {closed.board['head']}")
    print(f"{len(closed.entries)} of {closed.heads} voters, input {closed.input_sha256}")
    shares = [deals.Share.from_json(canonical.read(path, deals.SHARE)) for path in options.share]
    envelope = tallies.tally(closed, shares)
    canonical.write(options.out, envelope)
    document = tallies.read_tally(envelope, closed.deal)
    _tell(closed.notice, document)
    print("Delete the shares here, switch this machine off, and wipe it.")
    return DONE


def _seal(options: argparse.Namespace) -> int:
    paper = canonical.read(options.paper, ballots.PAPER)
    notice = ballots.read_paper(paper)
    if options.notice not in (None, paper["notice_sha256"]):
        raise Refused("this ballot paper is not of the notice that you named")
    print(f"vote {notice['proposal']}: {notice['title']}", file=sys.stderr)
    for one, name in answers.names_of(notice).items():
        print(f"  {one:8} {name}", file=sys.stderr)
    answer = answers.typed(notice, options.choice or _asked(notice))
    tracker = ballots.new_tracker()
    sealed = canonical.to_base64(ballots.seal(paper, answer, tracker))
    ballot = {"format": ballots.SEALED, "proposal": notice["proposal"], "sealed": sealed}
    print(f"sealed: {answers.shown(notice, answer)}", file=sys.stderr)
    print(f"your tracker, to be kept: {tracker}", file=sys.stderr)
    if options.out is None:
        print(canonical.dumps(ballot).decode())
    else:
        canonical.write(options.out, ballot)
    return DONE


def _check(options: argparse.Namespace) -> int:
    published = canonical.read(options.tally, PUBLISHED)
    notice, deal = ballots.read_paper(published), deals.read_deal(published.get("deal"))
    if notice["sealed"].get("deal_sha256") != canonical.digest(deal):
        raise Refused("the deal is not the one that the notice names")
    document = tallies.read_tally(published["tally"], deal)
    _tell(notice, document)
    wrong = _wrong_with_set(options, document) if options.set else ""
    wrong = wrong or _wrong_with_tracker(options.tracker, notice, document)
    if wrong:
        print(f"BROKEN  {wrong}")
    return FOUND if wrong else DONE


def _wrong_with_set(options: argparse.Namespace, document: dict[str, Any]) -> str:
    if options.key is None:
        raise Refused("--set needs --key")
    closed = ClosedSet.read(canonical.read(options.set, SET), _public_key(options.key))
    if closed.input_sha256 != document["input_sha256"]:
        return "the tally was made from other ballots than those on the board"
    print(f"ok      made from the {len(closed.entries)} ballots that count on the board")
    return ""


def _wrong_with_tracker(
    tracker: str | None, notice: dict[str, Any], document: dict[str, Any]
) -> str:
    if tracker is None:
        return ""
    if document["list"] is None:
        print("-       so few ballots were cast that no list is published")
        return ""
    choice = tallies.choice_of(document, tracker.strip().lower())
    if choice is None:
        return f"the tracker {tracker} is not on the list"
    print(f"ok      {tracker}: {answers.shown(notice, choice)}")
    return ""


def _tell(notice: dict[str, Any], document: dict[str, Any]) -> None:
    for each in document["counts"]:
        print(f"{each['ballots']:8}  {answers.shown(notice, each['choice'])}")
    spoiled = sum(document["spoiled"].values())
    print(f"{document['counted']} counted, {spoiled} spoiled, of {document['voters']} voters")


def _asked(notice: dict[str, Any]) -> str:
    how = answers.HOW.get(notice["kind"], "your answer")
    print(f"Your answer ({how}): ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _public_key(text: str) -> bytes:
    return canonical.from_hex(text.strip().lower(), 32)


def _hidden(question: str) -> str:
    """What is typed, unseen; from a pipe, the next line."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{question}: ")
    return sys.stdin.readline().rstrip("\n")
