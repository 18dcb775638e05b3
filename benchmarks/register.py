"""`python -m benchmarks.register [--members N --events N]`: a large register, moved in and read.

A register of thirty years is made up, the same for the same numbers, written as the files of
docs/moving-in.md and moved in on a throw-away server. Then verification, the export and every
page of titles and of the register are timed, with the number of queries that each needs.
"""

import argparse
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from titles.exchange.files import Files
    from titles.exchange.shapes import Register

MEMBERS, YEARS, EVENTS = 5_000, 30, 60_000
FIRST, SEED, PRICE = date(1996, 1, 2), 4, 2_500
POOLS = (("backbone", "Valley backbone"), ("storage", "Storage room"), ("hill", "Hill masts"))
GIVEN = [
    "Ana",
    "Ben",
    "Chloe",
    "Dani",
    "Eva",
    "Fadi",
    "Gil",
    "Hana",
    "Iker",
    "Jana",
    "Kai",
    "Lea",
    "Marc",
    "Nora",
    "Omar",
    "Pau",
    "Quim",
    "Rita",
]
FAMILY = [
    "Serra",
    "Vidal",
    "Ferrer",
    "Roca",
    "Mas",
    "Soler",
    "Pons",
    "Riera",
    "Costa",
    "Vila",
    "Bosch",
    "Prat",
    "Font",
    "Coll",
]
REDEEMED, PASSED_ON = 0.15, 0.35
"""how often an event is one, as long as somebody holds something"""


def register(
    members: int = MEMBERS, events: int = EVENTS, years: int = YEARS, seed: int = SEED
) -> "Register":
    """A made-up register: so many members, so many times that a title was issued or ended."""
    from titles.exchange.shapes import Register

    making = _Making(members, years, seed)
    days = sorted(making.dice.randrange(1, years * 365 - 30) for _ in range(events))
    made = 0
    for day in days:
        if made >= events:
            break
        made += making.event(FIRST + timedelta(day))
    return Register(**making.rows())


def files(members: int = MEMBERS, events: int = EVENTS, years: int = YEARS) -> "Files":
    """The same as files."""
    from titles.exchange.files import write

    return write(register(members, events, years))


class _Making:
    """Makes up a register, day by day."""

    def __init__(self, members: int, years: int, seed: int) -> None:
        from titles.exchange import shapes

        self.shapes = shapes
        self.dice = random.Random(seed)
        self.years = years
        self.titles: list[shapes.TitleRow] = []
        self.transfers: list[shapes.TransferRow] = []
        self.redemptions: list[shapes.RedemptionRow] = []
        self.assets: list[shapes.AssetRow] = []
        self.free = dict.fromkeys([code for code, _name in POOLS], 0)
        self.live: list[int] = []
        self.by_number: dict[int, shapes.TitleRow] = {}
        self.number = 0
        self.members = list(self._people(members))
        self.known = 1

    def rows(self) -> dict[str, list[object]]:
        """Everything that was made up, by file."""
        return {
            "pools": list(self._pools()),
            "members": [member for member, _ended in self.members],
            "events": [event for _member, ended in self.members for event in ended],
            "assets": list(self.assets),
            "titles": list(self.titles),
            "transfers": list(self.transfers),
            "redemptions": sorted(self.redemptions, key=lambda row: row.title),
            "voids": [],
        }

    def _pools(self) -> "Iterator[object]":
        for code, name in sorted(POOLS):
            units = sum(asset.units for asset in self.assets if asset.pool == code)
            yield self.shapes.PoolRow(code=code, name=name, units=units, treasury=self.free[code])

    def _people(self, count: int) -> "Iterator[tuple[object, list[object]]]":
        for n in range(1, count + 1):
            joined = FIRST + timedelta(n * (self.years - 1) * 365 // count - 1)
            name = f"{self.dice.choice(GIVEN)} {self.dice.choice(FAMILY)} {n}"
            at = moment(joined)
            left = n % 12 == 0
            member = self.shapes.MemberRow(
                number=n, name=name, address=f"Mill lane {n}\nValley", applied_at=at,
                admitted_at=at, state="left" if left else "active", bylaws="1996",
            )  # fmt: skip
            yield member, list(self._leaves(n, joined)) if left else []

    def _leaves(self, number: int, joined: date) -> "Iterator[object]":
        last = joined + timedelta(300)
        for on, state, reason in (
            (joined, "active", "takeover"), (last, "left", "resignation"),
        ):  # fmt: skip
            yield self.shapes.EventRow(member=number, on=on, state=state, reason=reason)

    def event(self, day: date) -> int:
        """Something happens on a day: how many titles it issued and ended."""
        before = len(self.titles) + len(self.redemptions)
        chance = self.dice.random()
        if not self.live or chance > REDEEMED + PASSED_ON:
            self._buy(day)
        elif chance < REDEEMED:
            self._redeem(day)
        else:
            self._pass_on(day)
        return len(self.titles) + len(self.redemptions) - before

    def _buy(self, day: date) -> None:
        code, units = self.dice.choice(POOLS)[0], self.dice.randrange(1, 20)
        if self.free[code] < units:
            self._place(code, day)
        self.free[code] -= units
        origin = self.dice.choice(("purchase", "purchase", "conversion"))
        self._issue(self._member(day), code, units, units * PRICE, origin, day)

    def _place(self, code: str, day: date) -> None:
        n, units = len(self.assets) + 1, 20_000
        self.free[code] += units
        self.assets.append(
            self.shapes.AssetRow(
                code=f"T-{n:04d}",
                pool=code,
                name=f"Mast {n}",
                kind="mast",
                cost=units * PRICE,
                units=units,
                placed_at=moment(day),
                in_service=day,
                place="Hill",
                paid_from="grant",
                useful_months=240,
            )
        )

    def _member(self, day: date) -> int:
        while self.known < len(self.members) and (
            self.members[self.known][0].admitted_at.date() < day  # type: ignore[attr-defined]
        ):
            self.known += 1
        number = self.dice.randrange(1, self.known + 1)
        return number if number % 12 else max(1, number - 1)

    def _issue(self, member: int, code: str, units: int, paid: int, origin: str, day: date) -> int:
        self.number += 1
        row = self.shapes.TitleRow(
            number=self.number, member=member, pool=code, units=units, paid_in=paid, origin=origin,
            issued_at=moment(day),
        )  # fmt: skip
        self.titles.append(row)
        self.by_number[row.number] = row
        self.live.append(row.number)
        return row.number

    def _take(self) -> int:
        place = self.dice.randrange(len(self.live))
        self.live[place], self.live[-1] = self.live[-1], self.live[place]
        return self.live.pop()

    def _pass_on(self, day: date) -> None:
        old = self.by_number[self._take()]
        units = self.dice.randrange(1, old.units + 1)
        paid = old.paid_in * units // old.units
        origin = self.dice.choice(("transfer", "transfer", "gift", "inheritance"))
        later = [(self._issue(self._member(day), old.pool, units, paid, origin, day), units)]
        if units < old.units:
            rest = old.units - units
            number = self._issue(old.member, old.pool, rest, old.paid_in - paid, "split", day)
            later.append((number, rest))
        for number, part in later:
            self._link(old.number, number, part, day)

    def _redeem(self, day: date) -> None:
        old = self.by_number[self._take()]
        units = self.dice.randrange(1, old.units + 1)
        self.free[old.pool] += units
        if units < old.units:
            rest = old.units - units
            kept = old.paid_in - old.paid_in * units // old.units
            number = self._issue(old.member, old.pool, rest, kept, "split", day)
            self._link(old.number, number, rest, day)
        self.redemptions.append(
            self.shapes.RedemptionRow(
                at=moment(day), title=old.number, units=units, paid=units * PRICE * 9 // 10
            )
        )

    def _link(self, earlier: int, later: int, units: int, day: date) -> None:
        self.transfers.append(
            self.shapes.TransferRow(at=moment(day), earlier=earlier, later=later, units=units)
        )


def moment(day: date) -> datetime:
    """The beginning of a day."""
    from django.utils import timezone

    return timezone.make_aware(datetime(day.year, day.month, day.day))


def main() -> None:
    """Make it up, move it in, and time what people do with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--events", type=int, default=EVENTS)
    given = parser.parse_args()
    from benchmarks.growth import throw_away_server

    with throw_away_server():
        import django

        django.setup()
        from benchmarks.register_pages import measure

        print(measure(given.members, given.events))


if __name__ == "__main__":
    main()
