"""What the site signed about other nodes: neighbours to beware of, and keys that were revoked.

Kept on disk as signed and verified again whenever read; docs/metering-protocol.md, section 12.
"""

from typing import Any, NamedTuple

from nacl.signing import SigningKey

from coop_agent import dsse
from coop_agent.clock import Moment
from coop_agent.errors import AgentError, NotTrusted
from coop_agent.store import Store
from coop_agent.wire import Site

NOTICES, NOTICES_KIND = "notices", dsse.payload_type("quarantine-notice")
REVOCATIONS, REVOCATIONS_KIND = "revocations", dsse.payload_type("revocations")
STATES = ("quarantined", "revoked", "active")


class Notice(NamedTuple):
    """One neighbour and how it stands; `links` pairs this node's meters with the other's."""

    node: str
    label: str
    keyids: tuple[str, ...]
    state: str
    reason: str
    since: str
    until: str
    links: tuple[tuple[str, str], ...]


class Revocation(NamedTuple):
    """A key that signs no more; what it signed up to `last_seq` stays good."""

    node: str
    epoch: int
    keyid: str
    last_seq: int
    reason: str
    at: str


def fetch_notices(store: Store, site: Site, key: SigningKey, moment: Moment) -> None:
    """Ask what the neighbours are, and keep the answer if it is signed and no older."""
    _fetch(store, site, f"/api/v1/agent/notices/{store.get('node')}", NOTICES)


def fetch_revocations(store: Store, site: Site, key: SigningKey, moment: Moment) -> None:
    """Ask which keys were revoked, and keep the answer if it is signed and no older."""
    _fetch(store, site, "/api/v1/agent/revocations", REVOCATIONS)


def notices(store: Store) -> list[Notice]:
    """What is at hand of the neighbours, verified again; raises NotTrusted."""
    return [_notice(value) for value in _kept(store, NOTICES).get("notices", ())]


def revocations(store: Store) -> list[Revocation]:
    """The revoked keys that are at hand, verified again; raises NotTrusted."""
    return [_revocation(value) for value in _kept(store, REVOCATIONS).get("revoked", ())]


def _fetch(store: Store, site: Site, path: str, name: str) -> None:
    answer = site.get(path)
    if answer.status == 404:
        return
    if answer.status != 200:
        raise AgentError(f"status {answer.status} {answer.code}")
    said = _opened(store, answer.body, name)
    if said["issued_at"] < _issued(store, name):
        raise NotTrusted(f"older {name} than those at hand")
    if answer.body != store.get(name):
        with store.transaction():
            store.put(name, answer.body)


def _issued(store: Store, name: str) -> str:
    """When what is at hand was signed; "" where nothing is, or nothing that is trusted now."""
    try:
        return str(_kept(store, name).get("issued_at", ""))
    except NotTrusted:
        return ""


def _kept(store: Store, name: str) -> dict[str, Any]:
    envelope = store.get(name)
    return {} if envelope is None else _opened(store, envelope, name)


def _opened(store: Store, envelope: Any, name: str) -> dict[str, Any]:
    """What a pinned key signed, whole and for this node; raises NotTrusted."""
    trusted = [bytes.fromhex(key) for key in store.get("server_keys") or ()]
    kind = NOTICES_KIND if name == NOTICES else REVOCATIONS_KIND
    said = dsse.opened(envelope, kind, trusted)
    if said.get("v") != 1 or not isinstance(said.get("issued_at"), str):
        raise NotTrusted(f"{name} of a version that this agent does not know")
    if name == NOTICES and said.get("node") != store.get("node"):
        raise NotTrusted("the notices are another node's")
    for value in _list(said.get("notices" if name == NOTICES else "revoked")):
        _notice(value) if name == NOTICES else _revocation(value)
    return said


def _notice(value: Any) -> Notice:
    if not isinstance(value, dict) or value.get("state") not in STATES:
        raise NotTrusted("a notice is not as the protocol says")
    texts = {name: _text(value.get(name)) for name in ("node", "label", "reason", "since", "until")}
    keyids = tuple(_text(keyid) for keyid in _list(value.get("keyids")))
    links = tuple(_link(link) for link in _list(value.get("links")))
    return Notice(**texts, keyids=keyids, state=value["state"], links=links)


def _link(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict):
        raise NotTrusted("a link in a notice is not as the protocol says")
    return _text(value.get("own")), _text(value.get("other"))


def _revocation(value: Any) -> Revocation:
    if not isinstance(value, dict):
        raise NotTrusted("a revocation is not as the protocol says")
    texts = {name: _text(value.get(name)) for name in ("node", "keyid", "reason", "at")}
    numbers = {name: _number(value.get(name)) for name in ("epoch", "last_seq")}
    return Revocation(
        texts["node"], numbers["epoch"], texts["keyid"], numbers["last_seq"], texts["reason"],
        texts["at"],
    )  # fmt: skip


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise NotTrusted("a list is missing")
    return value


def _text(value: Any) -> str:
    """A text; what is null is empty."""
    if value is not None and not isinstance(value, str):
        raise NotTrusted("a text is missing")
    return value or ""


def _number(value: Any) -> int:
    if value is not None and type(value) is not int:
        raise NotTrusted("a number is missing")
    return value or 0
