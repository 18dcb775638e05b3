"""Every command: where it lies (module of this package, function), what it does, its options."""

import argparse
from collections.abc import Callable
from pathlib import Path

Options = argparse.Namespace
Add = Callable[[argparse.ArgumentParser], None]


def _site(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--server", metavar="URL", help="address of the cooperative's site")
    sub.add_argument("--server-key", metavar="HEX", type=bytes.fromhex, help="pin its key now")
    sub.add_argument("--code-file", metavar="FILE", type=Path, help="write the claim code there")
    _ca(sub)


def _ca(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--ca", metavar="FILE", type=Path, help="certificate of a site of one's own")


def _meter(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--meter", action="append", metavar="WHAT", help="a source of readings; see the README"
    )


def _run(sub: argparse.ArgumentParser) -> None:
    for name in ("sample", "record", "seal"):
        sub.add_argument(f"--{name}", type=int, metavar="SECONDS", help="instead of the site's")
    sub.add_argument("--retry", type=int, default=5, metavar="SECONDS", help="first retry after")
    sub.add_argument(
        "--allowance-hook", metavar="CMD", help="run when a member's allowance ends or returns"
    )
    sub.add_argument(
        "--notice-hook", metavar="CMD", help="run when the site says something new of a neighbour"
    )


def _export(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path)
    sub.add_argument("--all", action="store_true", help="receipted ones too")


def _file(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path)


def _voucher(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", help="the voucher's file, or - for standard input")
    sub.add_argument(
        "--use", type=int, metavar="RAW", help="so much of it, in its unit; default: all left"
    )
    sub.add_argument("--check", action="store_true", help="only look whether it is good here")


def _json(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true")


def _rotate(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--next", metavar="FILE", help="the next key from paper or a stick; - for standard input"
    )
    sub.add_argument(
        "--lost", action="store_true", help="without the old key; a steward must then approve"
    )
    sub.add_argument("--later", action="store_true", help="do not ask the site now")
    _ca(sub)


def _next_key(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", help="where to; - prints it for copying to paper")
    sub.add_argument("--remove", action="store_true", help="and take it off this machine")


def _audit(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path)
    sub.add_argument("--name", help="its path below the measured folder; default: its own name")
    sub.add_argument("--count", type=int, default=100, help="how many challenges")
    sub.add_argument("--length", type=int, default=65_536, metavar="BYTES", help="of each block")


COMMANDS: dict[str, tuple[str, str, tuple[Add, ...]]] = {
    "enrol": ("working:enrol", "get an identity from the cooperative", (_site,)),
    "run": ("working:run", "meter, sign and deliver until told to stop", (_site, _meter, _run)),
    "status": ("telling:status", "how far it is, and what needs a person", (_json,)),
    "allowances": ("telling:allowed", "what members may use, as the site signed it", (_json,)),
    "meters": ("telling:meters", "read every meter once", (_meter,)),
    "export": ("carrying:export", "write undelivered batches to a file", (_export,)),
    "import-receipts": (
        "carrying:import_receipts",
        "take the site's answers from a file",
        (_file,),
    ),
    "honour": ("telling:honour", "give what a voucher stands for", (_voucher,)),
    "verify": ("telling:verify", "check the node's own chain and receipts", ()),
    "rotate": ("rotating:rotate", "take the next key, and promise another", (_rotate,)),
    "export-next": ("rotating:export_next", "bring the next key to safety", (_next_key,)),
    "audit-prepare": (
        "challenging:audit_prepare",
        "work out challenges of a file before it is handed over",
        (_audit,),
    ),
    "doctor": ("telling:doctor", "look for what could go wrong", (_meter, _ca)),
}
