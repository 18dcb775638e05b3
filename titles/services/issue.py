"""Numbering and signing titles."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from assets.models import Asset, Pool
from ledger.services import record_documents
from members.models import Member
from members.queries import cooperative
from signing import keys
from titles import certificate
from titles.certificate import document_digest
from titles.models import Title

SALT_BYTES = 16
DOCUMENT = "title"
"""what the log calls a title"""
NEXT_NUMBERS = """
INSERT INTO titles_titlecounter AS counter (id, next_number) VALUES (1, 1 + %(count)s)
ON CONFLICT (id) DO UPDATE SET next_number = counter.next_number + %(count)s
RETURNING next_number - %(count)s"""


@dataclass(frozen=True)
class Grant:
    """Units that a member got in one transaction of the books, with the cents paid in for them.

    An `origin` of its own stands before that of the cause. `earlier` are the numbers of the titles
    that it follows on: its document cites them.
    """

    member: Member
    units: int
    capital: int = 0
    origin: str = ""
    earlier: Sequence[int] = ()


@dataclass(frozen=True)
class Cause:
    """Why titles are issued or end: the origin, and the transaction that moved the units.

    `at` is from when it counts; without it, from now on.
    """

    origin: str
    txn_id: int
    at: datetime | None = None


def issue_titles(*, pool: Pool, grants: Sequence[Grant], cause: Cause) -> list[Title]:
    """A signed title for each grant, numbered in the order given; call inside a transaction.

    The counter's row stays locked until commit, so numbers have no gap and no repeat. The log of
    the books covers each title by a salted digest.
    """
    if not grants:
        return []
    first = _take_numbers(len(grants))
    issue = _Issue(pool, cause)
    titles = [issue.title(number, grant) for number, grant in enumerate(grants, first)]
    record_documents(
        [(DOCUMENT, document_digest(bytes(t.envelope), bytes(t.salt))) for t in titles]
    )
    return Title.objects.bulk_create(titles)


def _take_numbers(count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBERS, {"count": count})
        row = cursor.fetchone()
    assert row is not None
    first: int = row[0]
    return first


class _Issue:
    """What all titles of one transaction have in common."""

    def __init__(self, pool: Pool, cause: Cause) -> None:
        self.pool = pool
        self.cause = cause
        self.seed = bytes(keys.cooperative_key())
        self.cooperative = cooperative().legal_name
        self.issued_at = (cause.at or timezone.now()).replace(microsecond=0)
        there = Asset.objects.filter(pool=pool, txn_id__isnull=False, ended_on=None)
        self.backing = list(there.order_by("pk").values_list("name", "kind"))

    def title(self, number: int, grant: Grant) -> Title:
        salt, reference = secrets.token_bytes(SALT_BYTES), uuid.uuid4()
        return Title(
            number=number,
            member=grant.member,
            pool=self.pool,
            units=grant.units,
            capital=grant.capital,
            origin=grant.origin or self.cause.origin,
            issued_at=self.issued_at,
            envelope=certificate.sign(self.seed, self.statement(number, grant, salt, reference)),
            salt=salt,
            reference=reference,
            txn_id=self.cause.txn_id,
        )

    def statement(
        self, number: int, grant: Grant, salt: bytes, reference: uuid.UUID
    ) -> certificate.Statement:
        return certificate.Statement(
            number=number,
            cooperative=self.cooperative,
            member_number=grant.member.number or 0,
            name_hash=certificate.name_hash(grant.member.name, salt),
            pool_code=self.pool.code,
            pool_name=self.pool.name,
            units=grant.units,
            origin=grant.origin or self.cause.origin,
            issued_on=timezone.localdate(self.issued_at),
            reference=reference,
            backing=self.backing,
            earlier=grant.earlier,
        )
