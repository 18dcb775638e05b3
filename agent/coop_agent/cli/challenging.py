"""The command of who stores data elsewhere: audit-prepare."""

import json
from pathlib import Path

from coop_agent import challenges
from coop_agent.cli.options import Options


def audit_prepare(options: Options, folder: Path) -> int:
    name = options.name or options.file.name
    found = challenges.prepared(options.file, name, options.count, options.length)
    print(json.dumps(found, indent=1))
    return 0
