"""A worker killed at every step of a close: before it, with it done and not committed, between.

Whoever looks next carries the close on, and the books are those of a close that nothing happened
to, to the cent and to the last transaction.
"""

import random
import re
from collections import Counter
from threading import Event

import pytest
import redis
from django.conf import settings
from django.core.management import call_command

from coop.invariants import all_broken
from ledger.models import Balance, Transaction
from members.models import Member
from payments.models import Charge
from tests.faults.workers import Workers, held, is_somebody_waiting, kill, until
from tests.valley import JULY, Valley, make_valley
from titles.models import Title
from titles.services import settle_charges
from tokens.models import Book, CloseRun, CloseStep, Settlement, Usage, Yield
from tokens.services import STEPS, next_step, run_close, start_close
from tokens.services.run import carry_on
from tokens.tasks import close_period

pytestmark = [pytest.mark.timeout(900), pytest.mark.django_db(transaction=True)]
SEED = 20261123
KILLS = 2
POOLS = "SELECT FROM assets_pool FOR NO KEY UPDATE"
OF_MEMBER = re.compile(r"(?<=member/)(\d+)")
SAME_STEP = """
INSERT INTO tokens_closestep (period_id, name, done_at, summary, transactions)
VALUES (%s, %s, now(), '{}', '[]')"""


def worlds_end() -> dict[str, object]:
    """Everything that a close leaves, by names that do not depend on who did it or when."""
    accounts = ("account__commodity__code", "account__kind", "account__owner", "amount")
    names = {str(pk): name for pk, name in Member.objects.values_list("pk", "name")}
    return {
        "balances": sorted(
            (code, kind, OF_MEMBER.sub(lambda found: names[found[1]], owner), amount)
            for code, kind, owner, amount in Balance.objects.values_list(*accounts)
        ),
        "transactions": Counter(Transaction.objects.values_list("source", "kind")),
        "charges": sorted(Charge.objects.values_list("member__name", "amount", "state")),
        "titles": sorted(Title.objects.values_list("number", "member__name", "units", "capital")),
        "settled": sorted(
            Settlement.objects.values_list(
                "book__member__name", "redeemed", "overage", "sold", "expired", "own_cost",
                "cost_part", "profit",
            )
        ),
        "yields": list(
            Yield.objects.order_by("pk").values_list(
                "issued", "pool_issued", "unit_cost", "price", "actual", "settled_cost", "matched",
                "unbacked", "pool_sold", "to_reserve", "vacancy", "carried_next",
            )
        ),
        "books": sorted(Book.objects.values_list("member__name", "yields__period__code", "issued")),
        "steps": list(CloseStep.objects.order_by("pk").values_list("name", "summary")),
        "usage": Usage.objects.count(),
    }  # fmt: skip


def begun() -> tuple[Valley, CloseRun]:
    """The worked period with something over for everybody, and its close ordered."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    actual = {("backbone", "bandwidth"): 51_237}
    run = start_close(period_id=valley.period.pk, actor=None, at=JULY, actual=actual)
    return valley, run


def pay(valley: Valley) -> None:
    settle_charges(period_code=valley.period.code, actor=None)


def undisturbed() -> dict[str, object]:
    """The same close without any trouble, in a world of its own that is emptied again."""
    valley, run = begun()
    for _step in STEPS[:4]:
        assert carry_on(run.pk)
    pay(valley)
    run_close(run.pk)
    assert CloseRun.objects.get().state == CloseRun.State.DONE
    found = worlds_end()
    call_command("flush", interactive=False, verbosity=0)
    return found


def test_a_worker_killed_before_and_at_the_commit_of_every_step_leaves_nothing_half_done(
    start: Workers,
) -> None:
    expected = undisturbed()
    valley, run = begun()
    for step in STEPS:
        valley.period.refresh_from_db()
        assert next_step(valley.period) == step
        if step == "convert":
            pay(valley)
        before = Transaction.objects.count()
        for statement, values in ((POOLS, ()), (SAME_STEP, (valley.period.pk, step))):
            with held(statement, *values):
                hint_in_time(run)
                worker = start()
                until(is_somebody_waiting, worker)
                assert CloseRun.objects.get(pk=run.pk).step == step
                kill(worker)
            until(lambda: not is_somebody_waiting())
            assert Transaction.objects.count() == before
            assert not CloseStep.objects.filter(name=step).exists()
        if step == STEPS[-1]:
            break
        assert carry_on(run.pk)
    assert CloseRun.objects.get().state == CloseRun.State.RUNNING
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    worker = start(beat=True)
    until(lambda: CloseRun.objects.get().state != CloseRun.State.RUNNING, worker)
    assert CloseRun.objects.get().state == CloseRun.State.DONE
    assert worlds_end() == expected
    assert all_broken() == []


def hint_in_time(run: CloseRun) -> None:
    """A message for the worker that is started next, sent although this transaction is open."""
    close_period.apply_async(args=(run.pk,), retry=False)


def test_kills_at_any_moment_and_lost_messages_change_nothing(start: Workers) -> None:
    expected = undisturbed()
    valley, run = begun()
    CloseRun.objects.filter(pk=run.pk).update(until="expire")
    chance = random.Random(SEED)
    for last in ("expire", "open"):
        for _time in range(KILLS):
            worker = start(beat=True)
            goal = CloseStep.objects.count() + chance.randint(0, 1)
            until(lambda goal=goal: CloseStep.objects.count() >= goal or is_done())  # type: ignore[misc]
            Event().wait(chance.random() / 20)
            kill(worker)
            redis.Redis.from_url(settings.REDIS_URL).flushall()
        worker = start(beat=True)
        until(is_done, worker)
        kill(worker)
        if last == "expire":
            pay(valley)
            start_close(period_id=valley.period.pk, actor=None, at=JULY)
    assert worlds_end() == expected
    assert all_broken() == []


def is_done() -> bool:
    return not CloseRun.objects.exclude(state=CloseRun.State.DONE).exists()
