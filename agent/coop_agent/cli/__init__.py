"""The command line. Data goes to standard output, what happens meanwhile to standard error."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from coop_agent import __version__
from coop_agent.cli.options import COMMANDS, Options
from coop_agent.errors import AgentError, Stopping
from coop_agent.files import private_folder

Command = Callable[[Options, Path], int]


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return _command(options.command)(options, _folder(options))
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
    subs = top.add_subparsers(required=True, metavar="COMMAND")
    for name, (place, text, arguments) in COMMANDS.items():
        sub = subs.add_parser(name, help=text, description=text)
        sub.set_defaults(command=place)
        for add in arguments:
            add(sub)
    return top


def _folder(options: Options) -> Path:
    """The state folder; who only stores data on other nodes has none and needs none."""
    stores = options.command.startswith("challenging:")
    state: Path = options.state
    return state if stores else private_folder(state)


def _default_state() -> Path:
    return Path(os.environ.get("STATE_DIRECTORY", "/var/lib/coop-agent"))


def _command(place: str) -> Command:
    """A command from where it lies: only the one that is wanted costs memory."""
    module, _, name = place.partition(":")
    found: Command = getattr(import_module(f"coop_agent.cli.{module}"), name)
    return found
