"""Votes for tests: a small cooperative, a motion on its price, and time that passes at once."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from assets.models import Pool
from assets.services import create_resource
from governance.models import Proposal
from governance.services import cast, close_and_count, open_ballot, propose, publish
from members.models import Member, User
from tests.makers import agree, buy, make_member, make_pool, make_steward

POOL, RESOURCE = "backbone", "bandwidth"
NEW_PRICE = 90_000_000
OLD_PRICE = 80_000_000
EVERYBODY = ("ana", "ben", "chloe", "stella")


@dataclass
class Town:
    """A pool with treasury, two owners, a user who owns nothing, a steward who owns nothing."""

    pool: Pool
    steward: User
    members: dict[str, Member] = field(default_factory=dict)


def make_town(*, owners: tuple[str, ...] = ("ana", "ben"), notice: int = 0) -> Town:
    """The cooperative in which these tests vote; ballots are open for an hour."""
    pool = make_pool(POOL, treasury=100)
    create_resource(code=RESOURCE, name="Bandwidth", unit="GB", position=1)
    for key, value in (
        ("notice_seconds", notice),
        ("voting_seconds", 3600),
        ("timelock_rights_seconds", 0),
        ("expiry_seconds", 3600),
    ):
        agree(key, value)
    agree("posted_price", OLD_PRICE, scope=f"{POOL}:{RESOURCE}")
    steward = make_steward("stella")
    members = {name: make_member(name) for name in EVERYBODY[:-1]}
    members["stella"] = Member.objects.get(user=steward)
    for name in owners:
        buy(members[name], pool, 10)
    return Town(pool, steward, members)


def price_motion(town: Town, *, price: int = NEW_PRICE, key: str = "") -> Proposal:
    """A draft by Chloe that sets the price of bandwidth."""
    return propose(
        title="A price that pays for the second mast",
        text="The mast is full every evening.",
        action="set_posted_price",
        payload={"pool": POOL, "resource": RESOURCE, "price": price},
        member=town.members["chloe"],
        actor=town.members["chloe"].user,
        key=key,
    )


def open_motion(town: Town, **options: Any) -> Proposal:
    """A motion on the price whose ballot is open."""
    draft = price_motion(town, **options)
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def vote(town: Town, proposal: Proposal, **choices: str) -> None:
    """Cast ballots by the names of members."""
    for name, choice in choices.items():
        member = town.members[name]
        cast(proposal_id=proposal.pk, member=member, choice=choice, actor=member.user)


def end_voting(proposal: Proposal) -> None:
    """Let the voting time be over, past the trigger that lets nobody do so."""
    move(proposal, "closes_at = opens_at + interval '1 microsecond'")


def move(proposal: Proposal, assignment: str) -> None:
    """Change a proposal's row as the owner of the database could."""
    with transaction.atomic():
        as_owner(f"UPDATE governance_proposal SET {assignment} WHERE id = {proposal.pk}")
    proposal.refresh_from_db()


def as_owner(sql: str) -> None:
    """Run SQL without triggers; call inside a transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def decide(town: Town, proposal: Proposal, **choices: str) -> Proposal:
    """Vote, let time pass, close and count."""
    vote(town, proposal, **choices)
    end_voting(proposal)
    return close_and_count(proposal_id=proposal.pk, actor=town.steward)


def broken() -> list[str]:
    """What the invariants of this app find."""
    from governance.invariants import INVARIANTS

    return [line for invariant in INVARIANTS for line in invariant()]
