"""What members may use, as the site signed it: docs/metering-protocol.md, section 10.

Fetched with each delivery, kept on disk, good without the site until its moment has passed; from
then on nobody has anything, until the site says otherwise.
"""

from datetime import datetime
from typing import Any, NamedTuple

from nacl.signing import SigningKey

from coop_agent import dsse
from coop_agent.clock import Moment, spelled
from coop_agent.errors import AgentError, NotTrusted
from coop_agent.store import Store
from coop_agent.wire import Site

KIND = dsse.payload_type("allowances")
REQUEST = dsse.payload_type("allowances-request")
KEPT = "allowances"
TIME = "2026-11-22T12:00:00Z"
TEXTS = ("meter", "pool", "resource")
NUMBERS = ("assignment", "member", "num", "den", "left")


class Allowance(NamedTuple):
    """One meter: millitokens left of its member's tokens, and beyond them (None: no limit)."""

    assignment: int
    meter: str
    member: int
    pool: str
    resource: str
    num: int
    den: int
    left: int
    over: int | None


class Allowances(NamedTuple):
    """What the site last said, and whether it still holds."""

    made_at: str
    until: str
    holds: bool
    lines: list[Allowance]

    def as_dict(self) -> dict[str, Any]:
        return self._asdict() | {"lines": [line._asdict() for line in self.lines]}


def fetch(store: Store, site: Site, key: SigningKey, moment: Moment) -> None:
    """Ask the site and keep its answer if it is this node's and no older; else what was stays.

    Raises AgentError. A node without a clock does not ask: it could not tell how long they hold.
    """
    if moment.wall is None:
        return
    answer = site.post_plain("/api/v1/agent/allowances", request(store, key, moment.wall))
    if answer.status == 404:
        return
    if answer.status != 200:
        raise AgentError(f"status {answer.status} {answer.code}")
    said = opened(store, answer.body)
    if said["made_at"] < _kept_since(store):
        raise NotTrusted("older allowances than those at hand")
    with store.transaction():
        store.put(KEPT, answer.body)


def _kept_since(store: Store) -> str:
    """When what is at hand was made; "" where nothing is, or nothing that can be trusted now."""
    kept = store.get(KEPT)
    try:
        return "" if kept is None else str(opened(store, kept)["made_at"])
    except NotTrusted:
        return ""


def request(store: Store, key: SigningKey, wall: int, kind: str = REQUEST) -> dict[str, Any]:
    """A signed question of this node."""
    body = {"v": 1, "node": str(store.get("node")), "sent": spelled(wall)}
    payload = dsse.dumped(body)
    return dsse.envelope(kind, payload, bytes(key.verify_key), dsse.sign(key, kind, payload))


def opened(store: Store, envelope: Any) -> dict[str, Any]:
    """What a pinned key of the site signed for this node; raises NotTrusted."""
    trusted = [bytes.fromhex(key) for key in store.get("server_keys")]
    said = dsse.opened(envelope, KIND, trusted)
    if said.get("v") != 1 or said.get("node") != store.get("node"):
        raise NotTrusted("the allowances are another node's")
    for name in ("made_at", "until"):
        _moment(said.get(name))
    if not isinstance(said.get("allowances"), list):
        raise NotTrusted("no list of allowances")
    return said


def current(store: Store, moment: Moment) -> Allowances | None:
    """What is on disk, verified again; None where the site never said anything.

    Past its moment, or where the clock is not set, every line is zero. Raises NotTrusted.
    """
    kept = store.get(KEPT)
    if kept is None:
        return None
    said = opened(store, kept)
    holds = moment.wall is not None and moment.wall < _moment(said["until"])
    lines = [_line(value, holds) for value in said["allowances"]]
    return Allowances(said["made_at"], said["until"], holds, lines)


def _line(value: Any, holds: bool) -> Allowance:
    over = value.get("over") if isinstance(value, dict) else False
    sound = isinstance(value, dict) and (over is None or type(over) is int)
    if not sound or not all(isinstance(value.get(name), str) for name in TEXTS):
        raise NotTrusted("an allowance is not as the protocol says")
    if not all(type(value.get(name)) is int for name in NUMBERS):
        raise NotTrusted("an allowance is not as the protocol says")
    line = {name: value[name] for name in (*TEXTS, *NUMBERS)}
    if not holds:
        line, over = line | {"left": 0}, 0
    return Allowance(**line, over=over)


def _moment(text: Any) -> int:
    try:
        if len(text) != len(TIME) or text[-1] != "Z":
            raise ValueError(text)
        return int(datetime.fromisoformat(text).timestamp())
    except (TypeError, ValueError) as error:
        raise NotTrusted("no moment") from error
