"""What a bundle of the books needs from the apps above the ledger: names and titles."""

from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ledger.bundle.export import Contents, Tell, Written, export
from ledger.bundle.rows import streamed
from ledger.log.leaves import canonical
from members.models import Cooperative, Member
from titles.certificate import document_digest

KINDS = PUBLIC, MEMBERS = "public", "members"
TITLES = """
SELECT t.number, p.code, t.units, t.state, a.id, t.envelope, t.salt, NULL
FROM titles_title t
LEFT JOIN assets_pool p ON p.id = t.pool_id
LEFT JOIN ledger_commodity c ON c.code = 'unit:' || p.code
LEFT JOIN ledger_account a
    ON a.commodity_id = c.id AND a.kind = 'holding' AND a.owner = 'member/' || t.member_id
UNION ALL
SELECT number, NULL, NULL, NULL, NULL, NULL, NULL, reason
FROM members_numbervoid WHERE kind = 'title'
ORDER BY number"""


def export_books(place: Path, *, kind: str, tell: Tell) -> Written:
    """Write a bundle to a folder that is empty or not there yet. Raises NoRoom.

    `kind` is PUBLIC (persons by pseudonym) or MEMBERS (names, and what they were charged for).
    """
    cooperative = Cooperative.objects.first()
    contents = Contents(
        cooperative=(cooperative.legal_name or cooperative.name) if cooperative else "",
        titles=partial(title_lines, members=kind == MEMBERS),
        names=names() if kind == MEMBERS else None,
    )
    return export(place, contents, tell)


def names() -> dict[str, str]:
    """The register as the accounts name it: "member/12" → "Ana Ruiz (no. 3)"."""
    rows = Member.objects.exclude(number=None).values_list("pk", "name", "number")
    return {f"member/{pk}": f"{name} (no. {number})" for pk, name, number in rows.iterator()}


def title_lines(*, members: bool) -> Iterator[bytes]:
    """titles.ndjson, by number; a number that is void stands there with its reason.

    The digest is the members' to see: beside the number, which titles show to everybody, it would
    lead to a title's place in the log, and from there to its holder's accounts.
    """
    for number, pool, units, state, account, envelope, salt, void in streamed(TITLES):
        if void is not None:
            yield canonical({"number": number, "void": void})
            continue
        line = {"number": number, "pool": pool, "units": units, "state": state}
        if members:
            document, secret = bytes(envelope), bytes(salt)
            line |= {
                "digest": document_digest(document, secret).hex(),
                "envelope": b64encode(document).decode(),
                "holder_account": account,
                "salt": secret.hex(),
            }
        yield canonical(line)
