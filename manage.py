#!/usr/bin/env python
"""Django's command line; starts the embedded services where no servers are named."""

import os
import sys

NEED_NO_SERVICES = {
    "check",
    "collectstatic",
    "compilemessages",
    "help",
    "makemessages",
    "runlocal",
    "services",
    "spectacular",
    "verify_evidence",
    "verify_title",
    "version",
}


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in NEED_NO_SERVICES and not command.startswith("-"):
        _start_services()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _start_services() -> None:
    from coop.local import LocalError, use_embedded_services

    try:
        use_embedded_services(say=lambda line: print(line, file=sys.stderr))
    except LocalError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
