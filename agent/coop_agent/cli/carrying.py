"""Commands for delivery on foot: export, import-receipts."""

from pathlib import Path

from coop_agent import carrying
from coop_agent.cli.options import Options
from coop_agent.store import Store


def export(options: Options, folder: Path) -> int:
    count = carrying.export(Store.opened(folder), options.file, everything=options.all)
    print(f"{count} batches written to {options.file}")
    return 0


def import_receipts(options: Options, folder: Path) -> int:
    store = Store.opened(folder)
    found = carrying.import_receipts(store, options.file)
    print(f"{found.receipts} receipts taken from {options.file}")
    if found.others:
        print(f"{found.others} lines are other nodes'")
    if found.untaken:
        print(f"{found.untaken} batches without a receipt: they will be offered again")
    return 0
