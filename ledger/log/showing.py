"""What pages show of the log: a proof beside what it proves, and what opens its commitments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from ledger import queries
from ledger.access import PERSON, Reader
from ledger.log import leaves, proofs, records
from ledger.log.leaves import TransactionRecord
from ledger.log.proofs import Inclusion, NotSealed, RecordChanged
from ledger.reading import rows

OWNERS = "SELECT id, owner, salt::text FROM ledger_account WHERE id = ANY (%s) ORDER BY id"


@dataclass(frozen=True)
class Shown:
    """A proof as a page shows it, or why there is none: still waiting, or changed since.

    `page` is the address of this part alone, `file` that of the proof to download as `name`,
    `openings` that of what opens its commitments, "" where the reader may not.
    """

    page: str
    file: str
    name: str
    openings: str = ""
    inclusion: Inclusion | None = None
    sealed_at: datetime | None = None
    changed: str = ""

    @property
    def waits(self) -> bool:
        """Whether it has no place in the log yet."""
        return self.inclusion is None and not self.changed


def of_transaction(txn_id: int, reader: Reader) -> Shown:
    """The proof of a transaction, for this reader; raises NotInTheLog."""
    waiting = _at("transaction", txn_id)
    if may_open(txn_id, reader):
        waiting = replace(waiting, openings=reverse("log:openings", args=[txn_id]))
    return _shown(waiting, lambda: proofs.place_of_transaction(txn_id))


def may_open(txn_id: int, reader: Reader) -> bool:
    """Whether this reader may know anything of what a transaction's commitments hide."""
    if reader.sees_all or not reader.own:
        return reader.sees_all
    return any(is_open_to(reader, owner) for owner in queries.owners_in([txn_id])[txn_id])


def is_open_to(reader: Reader, owner: str) -> bool:
    """Whether this reader gets the salt of an account with this owner."""
    return reader.sees_all or (PERSON.search(owner) is not None and reader.may_name(owner))


def of_document(digest: bytes) -> Shown:
    """The proof of a signed document, by its digest; raises NotInTheLog."""
    return _shown(_at("document", digest.hex()), lambda: proofs.place_of_document(digest))


def document_or_none(digest: bytes) -> Shown | None:
    """The same; None for a document that was never recorded in the log."""
    try:
        return of_document(digest)
    except proofs.NotInTheLog:
        return None


def _at(what: str, name: object) -> Shown:
    page, file = (reverse(f"log:{view}", args=[name]) for view in (what, f"{what}_proof"))
    return Shown(page, file, file_name(what, name))


def file_name(what: str, name: object) -> str:
    """What the file of a proof is called: short also for a digest."""
    return f"{what}-{str(name)[:12]}.tlog-proof"


def _shown(waiting: Shown, place: Callable[[], int]) -> Shown:
    try:
        index = place()
        found = proofs.inclusion(index)
    except NotSealed:
        return waiting
    except RecordChanged as changed:
        return replace(waiting, changed=str(changed))
    return replace(waiting, inclusion=found, sealed_at=proofs.sealed_at(index))


def openings(txn_id: int, reader: Reader) -> dict[str, Any] | None:
    """What opens a transaction's commitments, as far as this reader may know; None if nothing.

    `owners` of the accounts of persons whom the reader may name, with the salt of each account's
    commitment; `details`, the text behind that of the leaf, for those who see all.
    """
    record = next(iter(records.transactions([txn_id])), None)
    owners = [] if record is None else _owners_open_to(record, reader)
    if record is None or not (owners or reader.sees_all):
        return None
    opened: dict[str, Any] = {"transaction": txn_id, "owners": owners}
    return opened | ({"details": record.details().decode()} if reader.sees_all else {})


def _owners_open_to(record: TransactionRecord, reader: Reader) -> list[dict[str, Any]]:
    accounts = {line.account for line in record.entries}
    return [
        {
            "account": account,
            "commitment": leaves.digest(leaves.owner_preimage(owner, salt)),
            "owner": owner,
            "salt": salt,
        }
        for account, owner, salt in owners_of(accounts)
        if is_open_to(reader, owner)
    ]


def owners_of(accounts: Iterable[int]) -> list[tuple[int, str, str]]:
    """Id, owner and salt of accounts: not for everybody."""
    return [(row[0], row[1], row[2]) for row in rows(OWNERS, [sorted(accounts)])]
