"""What proves the log right: it is the tree over the records as they stand, without a gap."""

from collections.abc import Callable

from ledger.log import tree
from ledger.log.rebuild import Missing, sealed
from ledger.log.seal import Window
from ledger.models import Checkpoint
from ledger.reading import rows
from signing import merkle, notes
from signing.errors import SigningError

PASSED_OVER = """
SELECT format('%%s %%s was committed before the newest head and is not in the log', t.what, t.id)
FROM (SELECT 'transaction' AS what, t.id FROM ledger_transaction t
      WHERE t.xid < %(floor)s::text::xid8
        AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.txn_id = t.id)
      UNION ALL
      SELECT 'document', d.id FROM ledger_document d
      WHERE d.xid < %(floor)s::text::xid8
        AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.document_id = d.id)) AS t
LIMIT 20"""


def every_head_is_the_tree_over_the_records() -> list[str]:
    """Each signed head is what the records, hashed again, come to at its size."""
    frontier, broken = merkle.Frontier(), []
    try:
        key = tree.verifier_key()
    except SigningError as error:
        return [f"the newest head cannot be read: {error}"]
    leaves = sealed(0, head.size) if (head := tree.newest()) else iter(())
    try:
        for checkpoint in Checkpoint.objects.order_by("size").iterator():
            while frontier.size < checkpoint.size:
                leaf = next(leaves)
                frontier.append(merkle.leaf_hash(leaf.content))
                if leaf.has_other_entries:
                    broken.append(f"{leaf.name} has other entries than its place remembers")
            broken += wrong_with(checkpoint, frontier.root(), key)
    except Missing as missing:
        broken.append(str(missing))
    return broken[:20]


def wrong_with(checkpoint: Checkpoint, root: bytes, key: notes.VerifierKey) -> list[str]:
    """What is wrong with a head, given the root over the records up to its size."""
    size = checkpoint.size
    if bytes(checkpoint.root) != root:
        return [f"the records up to leaf {size} do not come to the root of the head over them"]
    try:
        if tree.root_at(size) != root:
            return [f"the tiles do not come to the root of the head of size {size}"]
        opened = notes.open_checkpoint(checkpoint.note, key)
    except SigningError as error:
        return [f"the head of size {size} or its tiles cannot be read: {error}"]
    return [] if (opened.size, opened.root) == (size, root) else [f"the note of {size} differs"]


def nothing_was_passed_over() -> list[str]:
    """What was committed before the newest head's horizon has its place."""
    head = tree.newest()
    if head is None:
        return []
    floor = Window.after(head.xid_floor).floor
    return [row[0] for row in rows(PASSED_OVER, {"floor": floor})]


INVARIANTS: list[Callable[[], list[str]]] = [
    every_head_is_the_tree_over_the_records,
    nothing_was_passed_over,
]
