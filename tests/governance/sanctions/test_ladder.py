"""The ladder of sanctions: its steps, their effects, their ends (R19)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.errors import (
    LadderSkipped,
    NotAgainstYourself,
    ReasonNeeded,
    SanctionRuns,
    SanctionTooLong,
)
from governance.models import Sanction
from governance.sanctions.services import end_early, end_what_is_over, sanction
from ledger.errors import KeyConflict
from members.errors import HandsNothingOn
from members.models import Member, User
from members.queries import limit_of
from members.services import need_free_hands
from payments.models import Mail
from tests.governance.votes import as_owner
from tests.makers import make_member, make_steward

pytestmark = pytest.mark.django_db
LADDER = ("warn", "limit", "suspend")


def put(member: Member, steward: User, step: str, days: int = 7, **said: Any) -> Sanction:
    """A step of some days."""
    return sanction(
        member_id=member.pk,
        step=step,
        reason=said.pop("reason", "Sold vouchers that were not theirs."),
        until=timezone.now() + timedelta(days=days),
        actor=steward,
        **said,
    )


def let_time_pass(row: Sanction) -> None:
    """Its end has come."""
    with transaction.atomic():
        moments = "at = now() - interval '3 days', until = now() - interval '1 day'"
        as_owner(f"UPDATE governance_sanction SET {moments} WHERE id = {row.pk}")
        ends = "since = now() - interval '3 days', until = now() - interval '1 day'"
        as_owner(f"UPDATE members_memberlimit SET {ends} WHERE source = 'sanction:{row.pk}'")


def test_each_step_needs_the_one_below_it() -> None:
    steward, member = make_steward(), make_member()
    with pytest.raises(LadderSkipped):
        put(member, steward, "limit")
    put(member, steward, "warn")
    with pytest.raises(LadderSkipped):
        put(member, steward, "suspend")
    put(member, steward, "limit")
    put(member, steward, "suspend")
    assert list(Sanction.objects.values_list("step", flat=True)) == list(LADDER)


def test_a_limit_keeps_tokens_with_their_member_until_it_ends() -> None:
    steward, member = make_steward(), make_member()
    put(member, steward, "warn")
    need_free_hands(member)
    row = put(member, steward, "limit")
    with pytest.raises(HandsNothingOn):
        need_free_hands(member)
    let_time_pass(row)
    need_free_hands(member)


def test_a_suspension_ends_by_itself() -> None:
    steward, member = make_steward(), make_member()
    rows = [put(member, steward, step) for step in LADDER]
    member.refresh_from_db()
    assert member.state == Member.State.SUSPENDED
    assert end_what_is_over() == 0
    let_time_pass(rows[-1])
    assert (end_what_is_over(), end_what_is_over()) == (1, 0)
    member.refresh_from_db()
    assert member.state == Member.State.ACTIVE


def test_an_end_does_not_undo_what_came_after_it() -> None:
    from members.services import expel

    steward, member = make_steward(), make_member()
    rows = [put(member, steward, step) for step in LADDER]
    expel(member_id=member.pk, text="by vote", actor=None, source="proposal:1")
    let_time_pass(rows[-1])
    end_what_is_over()
    member.refresh_from_db()
    assert member.state == Member.State.EXPELLED


def test_a_steward_ends_it_early_and_says_why() -> None:
    steward, member = make_steward(), make_member()
    put(member, steward, "warn")
    row = put(member, steward, "limit")
    with pytest.raises(ReasonNeeded):
        end_early(sanction_id=row.pk, reason=" ", actor=steward)
    done = end_early(sanction_id=row.pk, reason="It was settled.", actor=steward)
    assert (done.ended_why, limit_of(member)) == ("It was settled.", None)


def test_nobody_decides_about_themselves() -> None:
    steward, other = make_steward(), make_steward("Otto")
    own = Member.objects.get(user=steward)
    with pytest.raises(NotAgainstYourself):
        put(own, steward, "warn")
    row = put(own, other, "warn")
    with pytest.raises(NotAgainstYourself):
        end_early(sanction_id=row.pk, reason="I did not.", actor=steward)


def test_every_step_ends_within_its_longest_time() -> None:
    steward, member = make_steward(), make_member()
    for days in (-1, 366):
        with pytest.raises(SanctionTooLong):
            put(member, steward, "warn", days)
    put(member, steward, "warn", 364)
    with pytest.raises(SanctionRuns):
        put(member, steward, "warn")


def test_the_same_key_puts_it_on_once_and_the_member_is_told_once() -> None:
    steward, member = make_steward(), make_member()
    first = put(member, steward, "warn", key="w")
    assert put(member, steward, "warn", key="w") == first
    with pytest.raises(KeyConflict):
        put(member, steward, "warn", key="w", reason="Another one.")
    mail = Mail.objects.get(key__contains=f"sanction {first.pk}")
    assert first.commitment in mail.body and first.nonce not in mail.body


@pytest.mark.parametrize(
    "change",
    [
        "until = until + interval '1 day'",
        "reason = 'another'",
        "nonce = 'x'",
        "step = 'limit'",
    ],
)
def test_the_database_keeps_a_sanction_as_put_on(change: str) -> None:
    from django.db import connection

    row = put(make_member(), make_steward(), "warn")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE governance_sanction SET {change} WHERE id = {row.pk}")
