"""Appeals: the lot that anybody can repeat, the panel's votes, what they do (R6, R19)."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import AppealTooLate, NobodyToDraw, NothingSanctioned, NotOnPanel
from governance.models import Panelist, Sanction, SanctionAppeal
from governance.sanctions import draw
from governance.sanctions.appeals import answer, appeal, decide_what_is_over, decline
from governance.sanctions.invariants import lots_repeat, panels_sit_as_drawn
from governance.sanctions.queries import sitting
from governance.sanctions.services import sanction
from members.models import Member, User
from members.queries import limit_of
from payments.models import Mail
from tests.governance.votes import as_owner
from tests.makers import agree, make_member, make_steward

pytestmark = pytest.mark.django_db


def appealed(count: int = 5, size: int = 3) -> SanctionAppeal:
    """Ana is limited, and appeals; so many others are not involved."""
    steward, ana = make_steward(), make_member("Ana")
    for place in range(count):
        make_member(f"m{place}")
    agree("panel_size", size)
    row = limited(ana, steward)
    return appeal(sanction_id=row.pk, member=ana, text="It was not me.", actor=ana.user)


def limited(member: Member, steward: User) -> Sanction:
    """A warning and then a limit."""
    for step in ("warn", "limit"):
        row = sanction(
            member_id=member.pk,
            step=step,
            reason="Sold vouchers.",
            until=timezone.now() + timedelta(days=20),
            actor=steward,
        )
    return row


def panel_of(row: SanctionAppeal) -> list[Member]:
    """Who sits now."""
    return [seat.member for seat in sitting(row)]


def say(row: SanctionAppeal, member: Member, vote: str) -> SanctionAppeal:
    """A panelist's vote."""
    return answer(appeal_id=row.pk, member=member, vote=vote, reason="Read it.", actor=member.user)


def end_panel(row: SanctionAppeal) -> None:
    """The panel's time is over."""
    with transaction.atomic():
        set_to = "until = now() - interval '1 second'"
        as_owner(f"UPDATE governance_sanctionappeal SET {set_to} WHERE id = {row.pk}")


def test_the_lot_is_committed_to_published_and_repeatable() -> None:
    row = appealed()
    assert row.draw["commitment"] == row.sanction.commitment
    assert draw.commitment_to(row.draw["nonce"]) == row.sanction.commitment
    assert draw.appeal_hash(row.sanction_id, row.text, row.at) == row.draw["appeal_sha256"]
    assert draw.is_repeated(row.draw)
    assert [m.number for m in panel_of(row)] == row.draw["order"][:3]


def test_a_panel_that_somebody_chose_is_found() -> None:
    row = appealed()
    assert (lots_repeat(), panels_sit_as_drawn()) == ([], [])
    with transaction.atomic():
        other = Member.objects.get(number=row.draw["order"][-1])
        first = row.panel.earliest("pk")
        as_owner(
            f"UPDATE governance_panelist SET member_id = {other.pk} WHERE id = {first.pk};"
            f"UPDATE governance_sanctionappeal SET text = 'Another' WHERE id = {row.pk}"
        )
    assert lots_repeat() == [f"panel {row.pk}: its lot does not repeat"]
    assert len(panels_sit_as_drawn()) == 1


def test_the_lot_falls_on_nobody_who_is_involved() -> None:
    row = appealed()
    steward = Member.objects.get(user=row.sanction.by)
    assert {steward.number, row.sanction.member.number}.isdisjoint(row.draw["among"])
    assert len(row.draw["among"]) == 5


def test_without_anybody_uninvolved_there_is_no_panel() -> None:
    with pytest.raises(NobodyToDraw):
        appealed(count=0)


def test_a_majority_ends_the_sanction_with_its_effect() -> None:
    row = appealed()
    first, second, third = panel_of(row)
    say(row, first, "ended")
    say(row, second, "upheld")
    assert limit_of(row.sanction.member) is not None
    done = say(row, third, "ended")
    assert (done.result, limit_of(row.sanction.member)) == ("ended", None)


def test_a_majority_upholds_it() -> None:
    row = appealed()
    for member, vote in zip(panel_of(row), ("upheld", "upheld", "ended"), strict=True):
        done = say(row, member, vote)
    assert done.result == "upheld"
    assert limit_of(row.sanction.member) is not None


@pytest.mark.parametrize("votes", [(), ("upheld", "ended")])
def test_a_tie_and_silence_end_it_when_the_time_is_over(votes: tuple[str, ...]) -> None:
    row = appealed()
    for member, vote in zip(panel_of(row), votes, strict=False):
        say(row, member, vote)
    assert decide_what_is_over() == 0
    end_panel(row)
    assert (decide_what_is_over(), decide_what_is_over()) == (1, 0)
    row.refresh_from_db()
    assert row.result == "ended"


def test_who_declines_gives_the_seat_to_the_next_of_the_lot() -> None:
    row = appealed()
    gone = panel_of(row)[0]
    decline(appeal_id=row.pk, member=gone, actor=gone.user)
    assert [m.number for m in panel_of(row)] == row.draw["order"][1:4]
    with pytest.raises(NotOnPanel):
        say(row, gone, "ended")


def test_only_the_drawn_vote_and_once() -> None:
    row = appealed()
    drawn = panel_of(row)
    outside = Member.objects.get(number=row.draw["order"][-1])
    with pytest.raises(NotOnPanel):
        say(row, outside, "ended")
    say(row, drawn[0], "ended")
    with pytest.raises(NotOnPanel):
        say(row, drawn[0], "upheld")


def test_only_the_member_appeals_and_only_once() -> None:
    row = appealed()
    other = panel_of(row)[0]
    with pytest.raises(NothingSanctioned):
        appeal(sanction_id=row.sanction_id, member=other, text="For them.", actor=other.user)
    ana = row.sanction.member
    again = appeal(sanction_id=row.sanction_id, member=ana, text="Another.", actor=ana.user)
    assert (again, again.draw) == (row, row.draw)


def test_an_appeal_has_its_time() -> None:
    steward, ana = make_steward(), make_member("Ana")
    make_member("Ben")
    agree("appeal_days", 1)
    row = limited(ana, steward)
    with transaction.atomic():
        set_to = "at = now() - interval '2 days'"
        as_owner(f"UPDATE governance_sanction SET {set_to} WHERE id = {row.pk}")
    with pytest.raises(AppealTooLate):
        appeal(sanction_id=row.pk, member=ana, text="Late.", actor=ana.user)


def test_the_drawn_are_told_and_the_member_is_told_the_result() -> None:
    row = appealed()
    assert Mail.objects.filter(key__contains=f"panel {row.pk}:").count() == 3
    for member in panel_of(row):
        say(row, member, "ended")
    assert Mail.objects.filter(key__contains=f"appeal {row.pk}:").count() == 1
    assert Panelist.objects.filter(appeal=row).count() == 3


@given(st.sets(st.integers(1, 10_000), max_size=40), st.text("0123456789abcdef", min_size=64))
def test_the_order_depends_on_the_seed_and_the_numbers_alone(among: set[int], seed: str) -> None:
    order = draw.order_of(seed, among)
    assert sorted(order) == sorted(among)
    assert order == draw.order_of(seed, sorted(among, reverse=True))
    gone = set(order[::2])
    assert draw.order_of(seed, gone) == [number for number in order if number in gone]
