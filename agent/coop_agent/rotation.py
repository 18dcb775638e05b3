"""Taking the next key: docs/metering-protocol.md, section 11.

The envelope is signed by the key that goes and by the one that comes; by the latter alone where
the former is lost, and then people decide. One transaction seals it and begins the new epoch, so a
kill leaves either none or one rotation; the key files follow (`keys.settle`). What was sealed
before keeps the old key's signature and is delivered under it.
"""

from pathlib import Path

from nacl.signing import SigningKey

from coop_agent import dsse, epochs, keys
from coop_agent.clock import Moment, spelled
from coop_agent.epochs import ACCEPTED, ROTATE, Epoch
from coop_agent.errors import AgentError, NotEnrolled
from coop_agent.sealing import seal
from coop_agent.store import Store

ONGOING = "rotation_ongoing"


def rotate(
    folder: Path,
    store: Store,
    moment: Moment,
    *,
    lost: bool = False,
    given: SigningKey | None = None,
) -> Epoch:
    """Seal what is unsealed, take next.key (or the one given), promise the one after.

    Returns the new epoch. Asked again before `told`, it is the same rotation. Raises AgentError.
    """
    keys.settle(folder, store)
    if store.get(ONGOING) is None:
        old = _old_key(folder, store, lost=lost)
        _require_ready(store, moment)
        new = _promised(folder, store, given)
        after = keys.made_after(folder)
        if old is not None:
            seal(store, old, moment)
        _switch(store, moment, old, new, keys.digest(bytes(after.verify_key)))
        keys.settle(folder, store)
    epoch = epochs.newest(store)
    if epoch is None:
        raise NotEnrolled("this node is not enrolled")
    return epoch


def told(store: Store) -> None:
    """The person knows how it went: from now on `rotate` means another rotation."""
    with store.transaction():
        store.forget(ONGOING)


def _old_key(folder: Path, store: Store, *, lost: bool) -> SigningKey | None:
    if lost:
        if epochs.newest(store) is None:
            raise AgentError("the store does not know its key: enrol anew")
        return None
    return keys.current(folder, store)


def _require_ready(store: Store, moment: Moment) -> None:
    newest = epochs.newest(store)
    if store.get("node") is None or newest is None:
        raise NotEnrolled("this node is not enrolled")
    if store.get("halted") is not None:
        raise AgentError("this node has stopped signing; see `coop-agent status`")
    if newest.state != ACCEPTED:
        raise AgentError(f"the site has not yet accepted the rotation to epoch {newest.number}")
    if moment.wall is None:
        raise AgentError("the clock is not set: a rotation says when it was signed")


def _promised(folder: Path, store: Store, given: SigningKey | None) -> SigningKey:
    """The next key, if it is the one that the node promised; put where the rotation takes it."""
    if given is None and not (folder / keys.NEXT).exists():
        raise AgentError("next.key is not on this machine: bring it with --next FILE")
    key = keys.loaded(folder, keys.NEXT) if given is None else given
    promise = store.get("next")
    if promise is not None and keys.digest(bytes(key.verify_key)) != promise:
        raise AgentError("this is not the next key that the node promised")
    if keys.kept(folder, keys.NEXT, key) != key:
        raise AgentError(f"{folder / keys.NEXT} is another key than the one given")
    return key


def _switch(
    store: Store, moment: Moment, old: SigningKey | None, new: SigningKey, promise: str
) -> None:
    """The rotation itself: all in one transaction, or nothing."""
    with store.transaction():
        payload = _payload(store, moment, bytes(new.verify_key), promise)
        signers = [new] if old is None else [old, new]
        number = int(store.get("epoch")) + 1
        epochs.begin(store, number, bytes(new.verify_key))
        store.run(
            "UPDATE epoch SET state = 'sealed', rotate = ?, chain = ? WHERE epoch = ?",
            dsse.dumped(_envelope(payload, signers)).decode(),
            dsse.chain_value(ROTATE, payload),
            number,
        )
        store.put("next", promise)
        store.put(ONGOING, number)


def _payload(store: Store, moment: Moment, public: bytes, promise: str) -> bytes:
    return dsse.dumped(
        {
            "v": 1,
            "node": store.get("node"),
            "epoch": store.get("epoch"),
            "last": int(store.get("next_seq")) - 1,
            "chain": store.get("prev"),
            "pub": public.hex(),
            "next": promise,
            "sent": spelled(moment.wall or 0),
        }
    )


def _envelope(payload: bytes, signers: list[SigningKey]) -> dict[str, object]:
    parts = [
        dsse.envelope(ROTATE, payload, bytes(key.verify_key), dsse.sign(key, ROTATE, payload))
        for key in signers
    ]
    return parts[0] | {"signatures": [part["signatures"][0] for part in parts]}
