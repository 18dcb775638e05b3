"""What happens meanwhile, for the journal: one line each to standard error.

The library's logging would cost more memory than the node's queue.
"""

import sys
import traceback


def info(text: str, *values: object) -> None:
    """Say something; `values` go into `text` as in the library's logging."""
    print(f"coop-agent: {text % values if values else text}", file=sys.stderr, flush=True)


warning = error = info


def exception(text: str, *values: object) -> None:
    """Say something, and what is being handled."""
    info(text, *values)
    traceback.print_exc()
