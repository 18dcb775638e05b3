"""What is done to the books at each size: a small cooperative, and the things that are timed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client

from benchmarks import history
from benchmarks.growth import Action
from ledger import asof, invariants, queries
from ledger.log.seal import seal
from ledger.models import Account, Balance, Commodity
from ledger.paging import page_by
from ledger.services import Leg, Posting, open_account, post_many
from members.services import enrol_member
from tests.valley import Valley, make_valley, taken_back
from titles.services import issue_founding_units
from tokens.services import record_usage

MEMBERS, PLAIN, FEW, BATCH = 40, 900, 10, 1000


@dataclass(frozen=True)
class Work:
    """The cooperative and the accounts that have a history."""

    valley: Valley
    accounts: history.Accounts

    def settle_down(self) -> None:
        """Let the server come to rest after the fill."""
        seal()
        history.run("VACUUM (ANALYZE)")
        history.run("CHECKPOINT")

    def check(self) -> None:
        """Stop where the books are not in order."""
        wrong = [sentence for check in invariants.INVARIANTS for sentence in check()]
        if wrong:
            raise SystemExit("\n".join(wrong))

    def actions(self) -> dict[str, Action]:
        """The things that are timed, by name."""
        read = self.reading()
        return {
            "posting a batch of 1,000": self.posting,
            "sealing 1,000 transactions": self.sealing,
            f"closing a period of {MEMBERS + 3} members": self.closing,
            **{name: lambda _n, call=call: call for name, call in read.items()},  # type: ignore[misc]
        }

    def posting(self, n: int) -> Callable[[], object]:
        """A batch over all the accounts, committed."""
        batch = self.batch(f"post {n}")
        return lambda: booked(batch)

    def sealing(self, n: int) -> Callable[[], object]:
        """The log takes up a batch that was just committed."""
        seal()
        booked(self.batch(f"seal {n}"))
        return sealed

    def batch(self, key: str) -> list[Posting]:
        """A thousand payments."""
        many, few = self.accounts.many[-PLAIN:], self.accounts.few
        return [
            Posting(
                source="growth", key=f"{key} {i}", kind="payment",
                legs=[Leg(many[i % len(many)], 5), Leg(few[i % len(few)], -5)],
            )
            for i in range(BATCH)
        ]  # fmt: skip

    def closing(self, _n: int) -> Callable[[], object]:
        """Every step of the close, with all charges paid; taken back, so that it can be again."""

        def close() -> None:
            with taken_back():
                self.valley.close()

        return close

    def reading(self) -> dict[str, Callable[[], object]]:
        """What is read, through the queries of the pages and through the pages themselves."""
        ids, hot = [*self.accounts.many, *self.accounts.few][:1000], self.accounts.few[0]
        past = datetime.now(UTC) - timedelta(days=300)
        deep = f"older.{int(past.timestamp()) * 1_000_000}.{2**62}"
        old = self.old_transaction(past)
        return {
            "balances of 1,000 accounts": lambda: list(
                Balance.objects.filter(account_id__in=ids).values_list("account_id", "amount")
            ),
            "… as known 300 days ago": lambda: asof.balances(ids, asof.Moment(known=past)),
            "… as effective 300 days ago": lambda: asof.balances(ids, asof.Moment(effective=past)),
            "statement of a hot account, first page": lambda: statement(hot),
            "statement of a hot account, 300 days back": lambda: statement(hot, deep),
            "page: books": lambda: got("/books/"),
            "page: transactions": lambda: got("/books/transactions/"),
            "page: transactions, without usage": lambda: got(
                "/books/transactions/?kind=-usage+rated"
            ),
            "page: transactions of a rare kind": lambda: got(
                "/books/transactions/?kind=asset+placed"
            ),
            "page: a hot account": lambda: got(f"/books/accounts/{hot}/"),
            "page: an old transaction": lambda: got(f"/books/transactions/{old}/"),
        }

    def old_transaction(self, before: datetime) -> int:
        """The id of a transaction of long ago."""
        return int(
            history.rows(
                "SELECT id FROM ledger_transaction WHERE recorded_at < %s"
                " ORDER BY recorded_at DESC LIMIT 1", before,
            )[0][0]
        )  # fmt: skip


def found_work() -> Work:
    """The valley with more members, who all used something, and accounts for a history."""
    history.leave_room()
    valley = make_valley()
    for n in range(MEMBERS):
        member = enrol_member(name=f"Member {n}", actor=None)
        valley.members[f"m{n}"] = member
        issue_founding_units(
            member=member, pool=valley.pool, units=1, actor=None, key=f"m{n}", from_treasury=True
        )
    usage = [valley.use(name, 5_000 * i, f"{name} {i}") for name in valley.members for i in (1, 2)]
    with transaction.atomic():
        record_usage(rows=usage, actor=None)
        own = [
            open_account(commodity="EUR", kind="capital", owner=f"old/{n}") for n in range(PLAIN)
        ]
    return Work(valley, with_history(own))


def with_history(own: list[int]) -> history.Accounts:
    """The cooperative's own money accounts have a history too, where money may go in and out."""
    euro = Commodity.objects.get(code="EUR")
    real = Account.objects.filter(commodity=euro).exclude(pk__in=own).order_by("pk")
    many = [*real.values_list("pk", flat=True), *own]
    few = [open_account(commodity="EUR", kind="expense", owner=f"old/{n}") for n in range(FEW)]
    return history.Accounts(euro.pk, many, few)


def booked(batch: list[Posting]) -> None:
    """Post and commit."""
    with transaction.atomic():
        post_many(batch)


def sealed() -> None:
    """Seal a batch, however often it takes: an old snapshot of somebody else's holds it up."""
    added = 0
    while added < BATCH:
        added += seal()


def statement(account: int, cursor: str = "") -> list[object]:
    """A page of an account's entries."""
    query = QueryDict(mutable=True)
    query["cursor"] = cursor
    return list(page_by(queries.entries_of(account), queries.IN_TIME, query))


def got(address: str) -> None:
    """A page as the site sends it."""
    answer = Client(headers={"host": "localhost"}).get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    connection.queries_log.clear()
