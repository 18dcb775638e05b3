"""Making room: unsealed records of one meter and incarnation become one, and none is lost.

r0 of the first and r1 of the last say the same as all between, where each begins at the end of the
one before. Baselines, falls and whatever does not join stay as they are; so do sealed batches.
"""

import json
from typing import Any

from coop_agent.sealing import AREA
from coop_agent.store import Store

Body = dict[str, Any]


def merge(store: Store) -> int:
    """Join what can be joined, in one transaction; returns how many records went."""
    open_ends: dict[tuple[str, str], tuple[int, Body]] = {}
    gone: list[int] = []
    changed: dict[int, Body] = {}
    with store.transaction():
        for row in store.rows("SELECT id, boot, body FROM record ORDER BY id"):
            body = json.loads(row["body"])
            if "m" not in body:
                continue
            place = (row["boot"], body["m"])
            before = open_ends.get(place)
            joined = None if before is None else _joined(before[1], body)
            if before is not None and joined is not None:
                gone.append(before[0])
                changed.pop(before[0], None)
                changed[row["id"]] = body = joined
            open_ends[place] = (row["id"], body)
        for number in gone:
            store.run("DELETE FROM record WHERE id = ?", number)
        for number, body in changed.items():
            store.run("UPDATE record SET body = ? WHERE id = ?", json.dumps(body), number)
    return len(gone)


def _joined(first: Body, second: Body) -> Body | None:
    """Both as one record; None where they say more than one could."""
    if not _meet(first, second):
        return None
    start = {name: first[name] for name in ("t0", "mt0") if name in first}
    if second["k"] == "counter":
        if int(first["r1"]) < int(first["r0"]) or int(second["r1"]) < int(second["r0"]):
            return None
        return second | start | {"r0": first["r0"]}
    area = _area(first) + _area(second)
    mean = area // (int(second["mt1"]) - int(first["mt0"]))
    return second | start | {"v": str(mean), AREA: str(area)}


def _meet(first: Body, second: Body) -> bool:
    """Whether two records are of one kind and incarnation, the second from the first's end on.

    A baseline spans no time: it must stay, for what follows is counted from it.
    """
    kind = second["k"]
    if kind not in ("counter", "gauge") or first["k"] != kind or first.get("f") or second.get("f"):
        return False
    if first["mt1"] != second["mt0"] or first["mt0"] == first["mt1"]:
        return False
    if ("t0" in first) != ("t1" in second):
        return False
    return kind == "gauge" or (first["inc"], first["r1"]) == (second["inc"], second["r0"])


def _area(body: Body) -> int:
    """Value times nanoseconds, exactly: a mean of means would be rounded down each time."""
    return int(body.get(AREA) or int(body["v"]) * (int(body["mt1"]) - int(body["mt0"])))
