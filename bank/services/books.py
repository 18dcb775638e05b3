"""The movements by which the money of a line leaves `unassigned`; call inside a transaction."""

from collections.abc import Sequence

from bank.models import Line
from ledger.services import Leg, Posting, actor_name, post
from members.models import User
from payments.accounts import Name, money_accounts
from payments.services.funding import BANK, UNASSIGNED

SOURCE = "bank"
FEE: Name = ("bank_fee", "")


def release(line: Line, key: str, actor: User | None) -> int:
    """The line's money stands elsewhere in the books already: it leaves the bank's account again.

    The sum of all cash stays what the bank says: what the other posting counted is not counted
    twice.
    """
    return _move(line, "bank line in the books", BANK, line.amount, key, actor)


def to_fee(line: Line, key: str, actor: User | None) -> int:
    """A fee that the bank took, or gave back."""
    return _move(line, "bank fee", FEE, line.amount, key, actor)


def to_payable(line: Line, member_id: int, key: str, actor: User | None) -> int:
    """The line's money is owed to a member, who gets it back."""
    return _move(line, "refund", ("payable", f"member/{member_id}"), line.amount, key, actor)


def _move(line: Line, kind: str, to: Name, amount: int, key: str, actor: User | None) -> int:
    accounts = money_accounts([UNASSIGNED, to])
    legs: Sequence[Leg] = [Leg(accounts[UNASSIGNED], amount), Leg(accounts[to], -amount)]
    return post(
        Posting(
            source=SOURCE,
            key=f"{key}:{kind}",
            kind=kind,
            legs=legs,
            about=f"line:{line.identity[:16]}",
            actor=actor_name(actor),
        )
    )
