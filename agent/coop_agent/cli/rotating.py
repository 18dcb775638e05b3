"""Commands about the node's keys: rotate, export-next."""

import sys
from pathlib import Path

from nacl.signing import SigningKey

from coop_agent import dsse, epochs, keys, report, rotation
from coop_agent.cli.options import Options
from coop_agent.cli.sources import site_of
from coop_agent.clock import now
from coop_agent.delivery import Barred, Delivery, Halted, TryLater
from coop_agent.errors import AgentError
from coop_agent.files import held, write_whole
from coop_agent.store import Store


def rotate(options: Options, folder: Path) -> int:
    with held(folder):
        store = Store.opened(folder)
        given = _given(options.next)
        epoch = rotation.rotate(folder, store, now(), lost=options.lost, given=given)
        print(f"fingerprint: {dsse.fingerprint_words(epoch.public)}")
        if not options.later:
            _ask(options, folder, store)
        print(f"rotation {report.rotation(store)}")
        if (folder / keys.NEXT).exists():
            print("bring the next key to safety: coop-agent export-next FILE --remove")
        rotation.told(store)
        newest = epochs.newest(store)
        return 1 if newest is not None and newest.state == "refused" else 0


def _given(name: str | None) -> SigningKey | None:
    """The key in a file, or typed in from paper."""
    if name is None:
        return None
    return keys.spelled(sys.stdin.read() if name == "-" else Path(name).read_text(), name)


def _ask(options: Options, folder: Path, store: Store) -> None:
    """Offer the rotation; what fails is offered again by `coop-agent run`."""
    try:
        Delivery(store, keys.current(folder, store), site_of(options, store)).offer()
    except (TryLater, Barred, Halted) as error:
        print(f"not answered yet: {error}", file=sys.stderr)


def export_next(options: Options, folder: Path) -> int:
    key = keys.loaded(folder, keys.NEXT)
    digits = bytes(key).hex()
    words = dsse.fingerprint_words(bytes(key.verify_key))
    if options.file == "-":
        _print_for_paper(digits, words)
    else:
        write_whole(Path(options.file), digits.encode() + b"\n")
        if keys.spelled(Path(options.file).read_text(), options.file) != key:
            raise AgentError(f"{options.file} does not hold what was written")
        print(f"written to {options.file}; its words: {words}")
    if options.remove:
        (folder / keys.NEXT).unlink()
        print("removed from this machine: it is needed for the next `rotate --next`")
    return 0


def _print_for_paper(digits: str, words: str) -> None:
    for start in range(0, len(digits), 16):
        line = digits[start : start + 16]
        print(" ".join(line[at : at + 4] for at in range(0, 16, 4)))
    print(f"words: {words}")
