"""Moving a register of old into this site: all of it or nothing, once.

Everything is booked through the ledger with the days on which it counted, and recorded now: "as
of a day" shows the history, "as known before" shows nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assets.models import Asset, Pool
from assets.queries import total_units
from assets.services import create_pool
from ledger.errors import DomainError
from ledger.services import post_many
from members.models import Member, NumberVoid, User
from titles.exchange import files as sets
from titles.exchange import shapes
from titles.exchange.check import check, missing, problem
from titles.exchange.events import happenings
from titles.exchange.files import Files, Problem
from titles.exchange.papers import Booking, enter_titles
from titles.exchange.people import enter_members
from titles.exchange.shapes import Register
from titles.exchange.things import enter_assets, postings
from titles.models import ImportedFile, RegisterImport, Title

SALT_BYTES = 16
LINE_BYTES = 8
SOURCE = "register"
MEMBER, TITLE = "member", "title"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('titles.exchange'))"
COUNTERS = """
UPDATE members_cooperative SET next_member_number = greatest(next_member_number, %(member)s + 1);
INSERT INTO titles_titlecounter AS c (id, next_number) VALUES (1, %(title)s + 1)
ON CONFLICT (id) DO UPDATE SET next_number = greatest(c.next_number, %(title)s + 1)"""


class CannotMoveIn(DomainError):
    """A set of files that is not whole, or does not fit what is here."""

    code = "cannot_move_in"
    text = gettext_lazy("The files have mistakes. Nothing was moved in.")

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True)
class Outcome:
    """What a set holds and what stands in its way; `is_done` where it was moved in before."""

    counts: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)
    voids: Mapping[str, int] = field(default_factory=dict)
    is_done: bool = False

    @property
    def is_fit(self) -> bool:
        """Whether it can be moved in."""
        return not self.problems


def look_at(files: Files) -> Outcome:
    """What moving these files in would do; nothing is written."""
    return _looked_at(files)[1]


@transaction.atomic(durable=True)
def move_in(*, files: Files, actor: User | None) -> Outcome:
    """Move a register in; the same set again changes nothing. Raises CannotMoveIn.

    Titles come only into a site that has none yet, members that are here already must stand in
    the files under the same number and name.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
    register, outcome = _looked_at(files)
    if outcome.problems:
        raise CannotMoveIn(outcome.problems)
    if not outcome.is_done:
        _write(register, files, actor)
    return outcome


def _looked_at(files: Files) -> tuple[Register, Outcome]:
    before = RegisterImport.objects.first()
    if before is not None:
        wrong = list(_changes(before, files))
        return Register(), Outcome(before.counts, wrong, is_done=not wrong)
    register, problems = sets.read(files)
    problems = problems or [*check(register), *_in_the_way(register)]
    lost = {} if problems else {kind: len(found) for kind, found in missing(register).items()}
    return register, Outcome(register.counts(), problems, lost)


def _in_the_way(register: Register) -> Iterator[Problem]:
    """What is here already and does not stand in the files."""
    if Title.objects.exists():
        text = _("This site has issued titles already: their numbers would clash.")
        yield Problem(shapes.TITLES.file, 0, "", text)
    rows = {row.number: row for row in register.members}
    for member in Member.objects.exclude(number=None).order_by("number"):
        row = rows.get(member.number or 0)
        words = {"number": member.number, "name": member.name}
        if row is None:
            text = _("Member %(number)s, %(name)s, is here and not in the file: add the line.")
            yield Problem(shapes.MEMBERS.file, 0, "number", text % words)
        elif (row.name, row.kind) != (member.name, member.kind):
            text = _("Number %(number)s belongs to %(name)s here.") % words
            yield problem(shapes.MEMBERS, row, "name", text)
    yield from _pools_in_the_way(register)


def _pools_in_the_way(register: Register) -> Iterator[Problem]:
    here = {pool.code: pool for pool in Pool.objects.all()}
    for row in register.pools:
        pool = here.get(row.code)
        if pool and (pool.name != row.name or total_units(pool)):
            text = _("A pool with this code is here, with another name or with shares.")
            yield problem(shapes.POOLS, row, "code", text)
    taken = set(Asset.objects.values_list("code", flat=True))
    for asset in register.assets:
        if asset.code in taken:
            yield problem(shapes.ASSETS, asset, "code", _("An asset with this code is here."))
    void = set(NumberVoid.objects.values_list("kind", "number"))
    for shape, kind in ((shapes.MEMBERS, MEMBER), (shapes.TITLES, TITLE)):
        for numbered in register.rows_of(shape):
            if (kind, numbered.number) in void:
                yield problem(shape, numbered, "number", _("This number is void here."))


def _write(register: Register, files: Files, actor: User | None) -> None:
    now = timezone.now()
    pools = _pools(register, actor)
    known = {m.number: m for m in Member.objects.exclude(number=None) if m.number is not None}
    members = enter_members(register, known=known, now=now, actor=actor)
    placing = postings(register.assets, pools)
    txns = dict(zip([p.key for p in placing], post_many(placing), strict=True))
    enter_assets(register.assets, pools=pools, txns=txns, now=now, actor=actor)
    booking = Booking(pools, members)
    booking.open_accounts(register.titles)
    booking.book(happenings(register))
    _void(register, now, actor)
    enter_titles(register, booking, now=timezone.now())
    _remember(register, files, now, actor)


def _pools(register: Register, actor: User | None) -> dict[str, Pool]:
    pools = {}
    for row in sorted(register.pools, key=lambda row: row.code):
        pool = create_pool(code=row.code, name=row.name, about=row.about, actor=actor)
        pools[row.code] = Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    return pools


def _void(register: Register, now: datetime, actor: User | None) -> None:
    reason = _("Nobody had this number in the register that was moved in.")
    rows = [(row.kind, row.number, row.reason) for row in register.voids]
    rows += [(kind, n, reason) for kind, found in missing(register).items() for n in found]
    common = {"source": SOURCE, "recorded_at": now, "recorded_by": actor}
    NumberVoid.objects.bulk_create(
        (NumberVoid(kind=kind, number=number, reason=why, **common) for kind, number, why in rows),
        batch_size=2000,
        ignore_conflicts=True,
    )
    highest = {
        kind: max((n for n in (*given, *(v for k, v, _w in rows if k == kind))), default=0)
        for kind, given in (
            (MEMBER, [row.number for row in register.members]),
            (TITLE, [row.number for row in register.titles]),
        )
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS, highest)
    # Whoever numbers a title waits for the counter from here on; was somebody quicker?
    if Title.objects.exists():
        raise CannotMoveIn(list(_in_the_way(register)))


def _remember(register: Register, files: Files, now: datetime, actor: User | None) -> None:
    salt = secrets.token_bytes(SALT_BYTES)
    kept = RegisterImport.objects.create(
        pk=1, digest=digest_of(files), counts=dict(register.counts()), salt=salt,
        imported_at=now, actor=actor,
    )  # fmt: skip
    ImportedFile.objects.bulk_create(
        ImportedFile(register=kept, name=name, lines=_lines(raw, salt))
        for name, raw in sorted(files.items())
    )


def digest_of(files: Files) -> bytes:
    """What a set is known by: SHA-256 over all its files."""
    whole = hashlib.sha256()
    for name, raw in sorted(files.items()):
        whole.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(raw).digest())
    return whole.digest()


def _lines(raw: bytes, salt: bytes) -> bytes:
    """Eight bytes of a salted hash of each line."""
    return b"".join(hmac.digest(salt, line, "sha256")[:LINE_BYTES] for line in raw.split(b"\n"))


def _changes(before: RegisterImport, files: Files) -> Iterator[Problem]:
    """The first line of each file that is not as it was moved in."""
    if digest_of(files) == bytes(before.digest):
        return
    text = _("A register was moved in with another line here: correct it in the site instead.")
    kept = {file.name: bytes(file.lines) for file in before.files.all()}
    for name in sorted(kept.keys() | files.keys()):
        old, new = kept.get(name, b""), _lines(files.get(name, b""), bytes(before.salt))
        if old != new:
            yield Problem(name, _first_change(old, new), "", text)


def _first_change(old: bytes, new: bytes) -> int:
    steps = range(0, max(len(old), len(new)), LINE_BYTES)
    return 1 + next(
        n for n, at in enumerate(steps) if old[at : at + LINE_BYTES] != new[at : at + LINE_BYTES]
    )
