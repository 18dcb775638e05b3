"""The tree as it is kept: tiles, heads, proofs, and the keys to check them with."""

from django.conf import settings

from ledger.models import Checkpoint, Leaf, Tile
from signing import keys, merkle, notes, tiles


def read_tile(level: int, index: int) -> bytes:
    """What there is of a tile; b"" where there is none."""
    data = Tile.objects.filter(level=level, index=index).values_list("data", flat=True).first()
    return b"" if data is None else bytes(data)


def origin() -> str:
    """The log's name: what its first head says, and before that what the settings say."""
    head = newest()
    return head.note.partition("\n")[0] if head else settings.COOP_LOG_ORIGIN


def verifier_key() -> notes.VerifierKey:
    """The key that signs heads, under the log's name."""
    return notes.VerifierKey(origin(), keys.public_key())


def newest() -> Checkpoint | None:
    """The newest signed head; None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def covering(index: int) -> Checkpoint | None:
    """The newest head if it covers the leaf at this index."""
    head = newest()
    return head if head is not None and index < head.size else None


def leaf_of_transaction(txn_id: int) -> Leaf | None:
    """The place of a transaction in the log; None while it waits for one."""
    return Leaf.objects.filter(txn_id=txn_id).first()


def leaf_of_document(digest: bytes) -> Leaf | None:
    """The place of a document in the log; None while it waits for one."""
    return Leaf.objects.filter(document__digest=digest).first()


def inclusion(index: int, size: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root of the first `size`; raises ValueError."""
    return merkle.inclusion_proof(index, size, tiles.node_reader(read_tile))


def consistency(old: int, new: int) -> list[bytes]:
    """The hashes that show that the first `old` leaves begin the first `new`; or ValueError."""
    return merkle.consistency_proof(old, new, tiles.node_reader(read_tile))


def root_at(size: int) -> bytes:
    """The root of the first `size` leaves."""
    return tiles.root_at(size, read_tile)
