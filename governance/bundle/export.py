"""Closed decisions as a folder: rolls, boards, delegations, counts, certificates, what followed.

`coop-verify decisions DIR` counts them again without this site; docs/auditing.md tells the files.
Voters stand under the pseudonyms of their vote. A public folder leaves out what a decision says of
a person, and says so where that keeps a hash from being made again.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from governance.documents import notice_document, utc
from governance.methods.carried import carried_of
from governance.methods.lot import nonces_of
from governance.models import Ballot, Chamber, Proposal, RollCorrection, RollRow
from ledger.bundle.files import LineFile, new_folder, write_manifest
from ledger.log.leaves import canonical, moment
from ledger.reading import one_snapshot
from members.models import Cooperative
from signing import keys, strict_json

FORMAT = "coop-decisions/1"
PUBLIC, MEMBERS = "public", "members"
OF_PERSONS = ("reason", "appeal")
"""what payloads and dry runs say of a person"""
CHUNK = 500
Line = dict[str, Any]
BOOKED = r"""
SELECT id, kind, (regexp_match(key, '(?:^|:)proposal:(\d+)(?:$|[:/])'))[1]::bigint
FROM ledger_transaction WHERE key LIKE '%%proposal:%%' ORDER BY id"""


def export_decisions(place: Path, *, kind: str, only: int | None = None) -> dict[str, int]:
    """Write the folder, of all closed decisions or one; returns lines by file. Raises NoRoom."""
    with new_folder(place, private=kind == MEMBERS) as folder, one_snapshot():
        facts = {name: _written(folder, name, make()) for name, make in files(kind, only).items()}
        write_manifest(folder, manifest(kind) | {"files": facts})
    return {name: int(str(fact["lines"])) for name, fact in facts.items()}


def files(kind: str, only: int | None) -> dict[str, Callable[[], Iterator[Line]]]:
    """Every file with what makes its lines."""
    votes = closed(only)
    return {
        "decisions.ndjson": lambda: decision_lines(votes, kind),
        "rolls.ndjson": lambda: roll_lines(votes),
        "ballots.ndjson": lambda: ballot_lines(votes),
        "delegated.ndjson": lambda: delegated_lines(votes),
    }


def manifest(kind: str) -> Line:
    """Whose decisions they are, and with which key certificates verify."""
    cooperative = Cooperative.objects.first()
    return {
        "format": FORMAT,
        "kind": kind,
        "cooperative": (cooperative.legal_name or cooperative.name) if cooperative else "",
        "public_key": keys.public_key().hex(),
        "exported_at": moment(timezone.now()),
    }


def closed(only: int | None = None) -> QuerySet[Proposal]:
    """Decisions that were certified, in order."""
    votes = Proposal.objects.filter(certificate__isnull=False).order_by("pk")
    return votes if only is None else votes.filter(pk=only)


def decision_lines(votes: QuerySet[Proposal], kind: str) -> Iterator[Line]:
    """What was announced, who could vote, the certificate, and what was carried out."""
    booked = transactions()
    related = ("certificate", "execution", "sealed_vote__tally")
    for vote in votes.select_related(*related).iterator(chunk_size=CHUNK):
        yield decision_line(vote, kind) | {"transactions": booked.get(vote.pk, [])}


def decision_line(vote: Proposal, kind: str) -> Line:
    """One decision."""
    notice, withheld = told(notice_document(vote), kind)
    return {
        "proposal": vote.pk,
        "state": vote.state,
        "notice": notice,
        "notice_sha256": vote.notice_hash,
        "withheld": withheld,
        "chambers": [chamber_line(chamber) for chamber in vote.chambers.all()],
        "certificate": b64encode(bytes(vote.certificate.envelope)).decode(),
        "execution": execution_line(vote, kind),
        "deal": vote.sealed_vote.deal if hasattr(vote, "sealed_vote") else None,
        "tally": tally_of(vote),
        "nonces": nonces_of(vote),
        "because": vote.because,
        "previous": vote.previous_id,
    }


def told(notice: Line, kind: str) -> tuple[Line, list[str]]:
    """The notice as this folder may tell it, and the places that were emptied."""
    if kind != PUBLIC:
        return notice, []
    shown, withheld = _told_parts(notice, "")
    shown["options"] = []
    for option in notice["options"]:
        # What stands beside a motion are its words; of a ranking each may have its own effect.
        place = f"options.{option['id']}." if isinstance(option, dict) else ""
        told_option, emptied = _told_parts(option, place) if place else (option, [])
        shown["options"].append(told_option)
        withheld += emptied
    return shown, withheld


def _told_parts(said: Line, place: str) -> tuple[Line, list[str]]:
    """A notice or an option without what its payload and dry run say of persons, and where."""
    shown, withheld = dict(said), []
    for part in ("payload", "preview"):
        inside = said.get(part) or {}
        hidden = [name for name in OF_PERSONS if name in inside]
        if hidden:
            shown[part] = {name: value for name, value in inside.items() if name not in hidden}
        withheld += [f"{place}{part}.{name}" for name in hidden]
    return shown, withheld


def chamber_line(chamber: Chamber) -> Line:
    """A chamber as frozen; `votes` is false where its roll served for objections only."""
    return {
        "chamber": chamber.name,
        "heads": chamber.heads,
        "weight": chamber.weight,
        "root": chamber.root,
        "votes": chamber.votes,
        "ledger_txn": chamber.ledger_txn,
    }


def execution_line(vote: Proposal, kind: str) -> Line | None:
    """What came of a carried decision; the effects, which may name people, for members."""
    done = getattr(vote, "execution", None)
    if done is None:
        return None
    line = {"at": utc(done.at), "refused": bool(done.refusal)}
    return line | {"effects": done.effects} if kind == MEMBERS else line


def tally_of(vote: Proposal) -> Any:
    """What the trustees of a sealed vote published, as they signed it, or None."""
    tally = getattr(getattr(vote, "sealed_vote", None), "tally", None)
    return None if tally is None else strict_json.loads(bytes(tally.envelope))


def transactions() -> dict[int, list[Line]]:
    """By decision, the transactions of the books that name it."""
    found: dict[int, list[Line]] = {}
    with connection.cursor() as cursor:
        cursor.execute(BOOKED)
        for txn, kind, vote in cursor.fetchall():
            if vote is not None:
                found.setdefault(vote, []).append({"id": txn, "kind": kind})
    return found


def roll_lines(votes: QuerySet[Proposal]) -> Iterator[Line]:
    """Who could vote, by pseudonym; rows that were added before the close say so."""
    added = dict(RollCorrection.objects.values_list("row_id", "envelope"))
    rows = RollRow.objects.filter(chamber__proposal__in=votes).select_related("chamber")
    order = ("chamber__proposal_id", "chamber__position", "position")
    for row in rows.order_by(*order).iterator(chunk_size=CHUNK):
        yield {
            "proposal": row.chamber.proposal_id,
            "chamber": row.chamber.name,
            "position": row.position,
            "voter": row.voter,
            "weight": row.weight,
            "correction": b64encode(bytes(added[row.pk])).decode() if row.pk in added else None,
        }


def ballot_lines(votes: QuerySet[Proposal]) -> Iterator[Line]:
    """The boards: signed entries, and what was sealed inside them."""
    rows = Ballot.objects.filter(proposal__in=votes).order_by("proposal_id", "index")
    for ballot in rows.iterator(chunk_size=CHUNK):
        line = {
            "proposal": ballot.proposal_id,
            "index": ballot.index,
            "envelope": b64encode(bytes(ballot.envelope)).decode(),
        }
        sealed = ballot.sealed
        yield line if sealed is None else line | {"sealed": b64encode(bytes(sealed)).decode()}


def delegated_lines(votes: QuerySet[Proposal]) -> Iterator[Line]:
    """Whose ballot counted for whom, or why nobody's did."""
    for vote in votes.filter(chambers__rows__carried__isnull=False).distinct():
        for line in carried_of(vote):
            yield {"proposal": vote.pk, **line}


def _written(folder: Path, name: str, lines: Iterable[Line]) -> dict[str, object]:
    with LineFile(folder, name.removesuffix(".ndjson")) as file:
        for line in lines:
            file.write(canonical(line))
    return file.facts()
