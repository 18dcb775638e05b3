"""Replaying the books: accounts, from their first entry on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coop_verify.forms import Entry, Opens
from coop_verify.report import Report

Held = tuple[int, int]  # version, amount


@dataclass(frozen=True)
class Carried:
    """What accounts held when the entries before a moment were detached."""

    through: str
    held: Mapping[int, Held]


class Account:
    """What is known of one account so far."""

    __slots__ = ("amount", "cuts", "opens", "recorded_at", "version")

    def __init__(self, opens: Opens | None = None, held: Held = (0, 0), cuts: int = 0) -> None:
        self.opens = opens
        self.version, self.amount = held
        self.recorded_at = ""
        self.cuts = cuts


class Books:
    """Takes transactions in the order of the log and keeps one state per account.

    `cuts` are in the order of time. Where the replay `starts` from the first of them, accounts
    begin with what they held then; what they held at the others is compared on the way.
    `facts` are the listed ones, needed for accounts that were opened before the start.
    """

    def __init__(
        self,
        report: Report,
        cuts: Sequence[Carried] = (),
        *,
        starts: bool = False,
        facts: Mapping[int, Opens] | None = None,
    ) -> None:
        self.report = report
        self.cuts = cuts
        self.accounts: dict[int, Account] = {}
        self._commodities: dict[str, tuple[str, int]] = {}
        if starts:
            self._start(cuts[0], facts or {})

    def _start(self, cut: Carried, facts: Mapping[int, Opens]) -> None:
        for number, held in cut.held.items():
            self.accounts[number] = Account(facts.get(number), held, 1)
            if number not in facts:
                self.report.broken("accounts", f"account {number} was carried, but is not listed")
            else:
                self.same_commodity(number, facts[number])

    def apply(self, where: str, recorded_at: str, entries: Sequence[Entry]) -> None:
        """Take one transaction; what is wrong with it goes to the report."""
        sums: dict[str, int] = {}
        for entry in entries:
            account = self._account(where, entry)
            self._move(where, recorded_at, account, entry)
            code = account.opens.commodity if account.opens else ""
            sums[code] = sums.get(code, 0) + entry.amount
        if not entries:
            self.report.broken("zero", f"{where} moves nothing")
        for code, rest in sums.items():
            if rest:
                self.report.broken("zero", f"{where} does not sum to zero in {code}: {rest}")

    def _account(self, where: str, entry: Entry) -> Account:
        account = self.accounts.get(entry.account)
        if account is None:
            account = self.accounts[entry.account] = Account()
        if entry.opens is not None:
            if account.opens is not None:
                self.report.broken("accounts", f"{where} opens account {entry.account} again")
            else:
                account.opens = entry.opens
                self.same_commodity(entry.account, entry.opens)
        elif account.opens is None:
            self.report.broken("accounts", f"{where} moves account {entry.account} unopened")
        if (entry.opens is not None) != (entry.version == 1):
            self.report.broken(
                "accounts", f"{where}: account {entry.account} is not opened by its first entry"
            )
        return account

    def _move(self, where: str, recorded_at: str, account: Account, entry: Entry) -> None:
        if recorded_at != account.recorded_at:
            self._between(where, recorded_at, account, entry.account)
        what = f"{where}, account {entry.account}"
        if entry.version != account.version + 1:
            self.report.broken(
                "versions", f"{what}: entry {entry.version} follows entry {account.version}"
            )
        if entry.balance != account.amount + entry.amount or not entry.amount:
            self.report.broken(
                "versions",
                f"{what}: {account.amount} and {entry.amount} make no {entry.balance}",
            )
        account.version, account.amount = entry.version, entry.balance

    def _between(self, where: str, recorded_at: str, account: Account, number: int) -> None:
        if recorded_at < account.recorded_at:
            self.report.broken(
                "versions",
                f"{where}, account {number}: recorded {recorded_at}, after {account.recorded_at}",
            )
        self._above_floor(account, number)
        while account.cuts < len(self.cuts) and recorded_at >= self.cuts[account.cuts].through:
            self._as_carried(account, number)
        account.recorded_at = recorded_at

    def _above_floor(self, account: Account, number: int) -> None:
        """One batch may dip and rise; what it leaves must hold."""
        floor = account.opens.floor if account.opens else None
        if floor is not None and account.amount < floor and account.version:
            self.report.broken(
                "floors",
                f"account {number} had {account.amount} after entry {account.version},"
                f" its floor is {floor}",
            )

    def _as_carried(self, account: Account, number: int) -> None:
        cut = self.cuts[account.cuts]
        account.cuts += 1
        held = cut.held.get(number, (0, 0))
        if held != (account.version, account.amount):
            self.report.broken(
                "carried",
                f"account {number} was carried with {held[1]} after {held[0]} entries, but had"
                f" {account.amount} after {account.version} before {cut.through}",
            )

    def same_commodity(self, number: int, opens: Opens) -> None:
        """One commodity is of one kind and has one number of decimal places."""
        facts = opens.commodity_kind, opens.exponent
        if self._commodities.setdefault(opens.commodity, facts) != facts:
            self.report.broken(
                "accounts", f"account {number} takes {opens.commodity} for another kind of thing"
            )

    def finish(self) -> None:
        """Look at what the last entry of every account left."""
        for number, account in self.accounts.items():
            self._above_floor(account, number)
            while account.cuts < len(self.cuts):
                self._as_carried(account, number)
        for cut in self.cuts:
            for number in cut.held.keys() - self.accounts.keys():
                self.report.broken("carried", f"account {number} was carried, but never moved")
