"""Random lives: the register as of each day is what the services showed on that day."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from members.errors import AlreadyApplied
from members.invariants import INVARIANTS
from members.models import Member, MemberEvent
from members.registers import members_at, register_at
from members.services import admit, change_particulars, change_state
from members.transitions import MEMBERS, TRANSITIONS
from tests.makers import make_cooperative
from tests.members.lives import applicant

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
PEOPLE = ("Ana", "Ben", "Carla")
Seen = list[tuple[int, str, str, str]]
Step = tuple[str, int, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["state", "state", "state", "move", "wait"]),
        st.integers(0, len(PEOPLE) - 1),
        st.integers(0, 20),
        st.integers(0, 6),
    ),
    min_size=4,
    max_size=24,
)


def shown() -> Seen:
    """What the rows that every service keeps say now of everybody ever admitted."""
    rows = Member.objects.filter(number__isnull=False).order_by("number")
    return [(row.number or 0, row.name, row.address, row.state) for row in rows]


def read(day: date, known: datetime | None = None) -> Seen:
    return [(row.number, row.name, row.address, row.state) for row in register_at(day, known)]


def possible(member: Member) -> Sequence[tuple[str, MemberEvent.Reason]]:
    """The changes that the law allows from here."""
    return [
        (new, reason)
        for (old, new), reasons in TRANSITIONS.items()
        if old == member.state
        for reason in sorted(reasons)
    ]


class Lives:
    """Three people, the clock, and what everybody could see at the end of each day."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        make_cooperative()
        self.people = [applicant(name) for name in PEOPLE]
        self.days: dict[date, tuple[datetime, Seen]] = {}
        self.truth: list[tuple[int, date, str]] = []

    def take(self, step: Step) -> None:
        kind, who, what, back = step
        member = Member.objects.get(pk=self.people[who].pk)
        if kind == "wait":
            self.end_of_day(1 + what % 5)
        elif kind == "move":
            since = timezone.localdate() - timedelta(days=back)
            change_particulars(
                member_id=member.pk,
                name=member.name + "a" * (what % 2),
                address=f"Mill Lane {what}",
                actor=None,
                valid_from=max(since, BEGIN.date()),
            )
        else:
            self.change(member, what, back)

    def change(self, member: Member, what: int, back: int) -> None:
        to, reason = (
            possible(member)[what % len(possible(member))] if possible(member) else ("", "")
        )
        if not to:
            return
        since = max(timezone.localdate() - timedelta(days=back), BEGIN.date())
        with suppress(AlreadyApplied), transaction.atomic():
            if reason == MemberEvent.Reason.ADMISSION:
                admit(member_id=member.pk, actor=None, effective_on=since)
            else:
                change_state(
                    member_id=member.pk, to=to, reason=reason, actor=None, effective_on=since
                )
            self.truth.append((member.pk, since, to))

    def end_of_day(self, days: int) -> None:
        self.days[timezone.localdate()] = (timezone.now(), shown())
        self.clock.shift(timedelta(days=days))


class RegisterOfEachDay(TestCase):
    """One database transaction per example."""

    @settings(max_examples=25)
    @given(STEPS)
    def test_the_register_as_of_each_day_is_what_was_shown_on_it(self, steps: list[Step]) -> None:
        with time_machine.travel(BEGIN, tick=False) as clock:
            lives = Lives(clock)
            for step in steps:
                lives.take(step)
                clock.shift(timedelta(seconds=1))
            lives.end_of_day(1)
            for day, (moment, seen) in lives.days.items():
                assert read(day, moment) == seen
                now = [row.number for row in members_at(day, moment)]
                assert now == [number for number, *_said, state in seen if state in MEMBERS]
            assert [line for check in INVARIANTS for line in check()] == []
            for day in lives.days:
                self.assert_truth(lives, day)

    def assert_truth(self, lives: Lives, day: date) -> None:
        """With all that is known now, the change told last for a day is its truth."""
        told: dict[int, str] = {}
        for member_id, since, state in lives.truth:
            if since <= day:
                told[member_id] = state
        for row in register_at(day):
            assert row.state == told[row.member_id]
