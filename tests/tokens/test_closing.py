"""A whole close: its run, what stops it, its pages and programs; what the database keeps of it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from coop.invariants import all_broken
from ledger.models import Transaction
from payments.models import Charge
from tests.tokens.test_pages import login
from tests.valley import AUGUST, JULY, Valley, make_valley
from titles.services import settle_charges
from tokens.errors import NothingToClose, PeriodNotOver, StepUnknown
from tokens.models import Book, CloseRun, CloseStep, Period, Yield
from tokens.services import STEPS, preview_close, run_close, start_close, sweep_closes
from tokens.services.run import carry_on

pytestmark = pytest.mark.django_db
PLACE = ("backbone", "bandwidth")
CLOSE = "/stewardship/periods/2026-06/"


@pytest.fixture
def valley() -> Valley:
    made = make_valley()
    made.used_as_in_the_worked_period()
    return made


def done() -> list[str]:
    return list(CloseStep.objects.order_by("pk").values_list("name", flat=True))


def test_a_run_does_every_step_once_and_a_sweep_finds_what_nobody_was_told_of(
    valley: Valley,
) -> None:
    run = start_close(period_id=valley.period.pk, actor=None, at=JULY)
    again = start_close(period_id=valley.period.pk, actor=None, at=AUGUST, until="settle")
    assert (again.pk, again.moment, again.until) == (run.pk, JULY, "open")
    assert sweep_closes() == 1
    run.refresh_from_db()
    assert (run.state, run.step, done()) == ("done", "open", list(STEPS))
    before = Transaction.objects.count()
    assert sweep_closes() == 0
    run_close(run.pk)
    assert not carry_on(run.pk)
    assert Transaction.objects.count() == before
    with pytest.raises(NothingToClose):
        start_close(period_id=valley.period.pk, actor=None, at=JULY)
    assert all_broken() == []


def test_a_run_can_end_before_paid_profit_becomes_shares(valley: Valley) -> None:
    first = start_close(period_id=valley.period.pk, actor=None, at=JULY, until="expire")
    run_close(first.pk)
    first.refresh_from_db()
    assert (first.state, done()) == ("done", ["settle", "match", "charge", "expire"])
    with pytest.raises(NothingToClose):
        start_close(period_id=valley.period.pk, actor=None, until="expire")
    settle_charges(period_code="2026-06", actor=None)
    second = start_close(period_id=valley.period.pk, actor=None, at=JULY)
    assert second.pk != first.pk
    run_close(second.pk)
    assert done() == list(STEPS)
    chloe = valley.members["chloe"]
    assert chloe.titles.get().units == 36
    assert all_broken() == []


def test_what_a_step_refuses_stops_the_run_until_it_is_mended(valley: Valley) -> None:
    run = start_close(period_id=valley.period.pk, actor=None, at=JULY)
    assert carry_on(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'no charges today'; END $$; CREATE TRIGGER no BEFORE INSERT"
            " ON payments_charge FOR EACH STATEMENT EXECUTE FUNCTION no()"
        )
    run_close(run.pk)
    run.refresh_from_db()
    assert (run.state, run.step, run.error_code) == ("stopped", "charge", "unexpected")
    assert "Nothing of it was booked" in run.error
    assert done() == ["settle", "match"]
    assert sweep_closes() == 0
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION no CASCADE")
    resumed = start_close(period_id=valley.period.pk, actor=None, actual={PLACE: 1}, at=AUGUST)
    assert (resumed.pk, resumed.moment, resumed.actual) == (run.pk, JULY, {})
    run_close(run.pk)
    assert done() == list(STEPS)
    assert Yield.objects.earliest("pk").actual == 50_000


def test_a_refusal_is_kept_in_words_and_told_anew_when_it_is_carried_on(valley: Valley) -> None:
    run = start_close(period_id=valley.period.pk, actor=None, at=JULY)
    CloseRun.objects.filter(pk=run.pk).update(moment="2026-06-20T00:00Z")
    run_close(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("stopped", "period_not_over")
    assert "runs until" in run.error
    told = {PLACE: 49_000}
    run = start_close(period_id=valley.period.pk, actor=None, at=JULY, actual=told)
    assert (run.state, run.error, run.actual) == ("running", "", {"backbone:bandwidth": 49_000})
    run_close(run.pk)
    assert Yield.objects.earliest("pk").actual == 49_000


def test_what_cannot_begin_is_refused_at_once(valley: Valley) -> None:
    with pytest.raises(StepUnknown):
        start_close(period_id=valley.period.pk, actor=None, until="supper")
    with pytest.raises(PeriodNotOver):
        start_close(period_id=valley.period.pk, actor=None, at=valley.period.start)
    assert not CloseRun.objects.exists()


def test_the_preview_of_a_whole_close_is_what_the_close_then_books(valley: Valley) -> None:
    made = preview_close(period_id=valley.period.pk, actor=None, at=JULY)
    assert [name for name, _preview in made] == list(STEPS)
    assert (done(), Charge.objects.count()) == ([], 0)
    assert Period.objects.get().state == "open"
    run_close(start_close(period_id=valley.period.pk, actor=None, at=JULY).pk)
    for (name, preview), row in zip(made, CloseStep.objects.order_by("pk"), strict=True):
        assert (name, preview.summary) == (row.name, row.summary)
        assert len(preview.postings) == len(row.transactions)
    charges = {member.name: amount for member, amount in made[2][1].charges}
    assert charges == dict(Charge.objects.values_list("member__name", "amount"))


def command(*words: str) -> str:
    out = StringIO()
    call_command("close_period", *words, stdout=out)
    return out.getvalue()


def test_the_command_shows_and_closes(valley: Valley) -> None:
    shown = command("2026-06", "--preview")
    assert "Nothing was booked." in shown and "  member 3 is charged 9600" in shown.splitlines()
    assert done() == []
    assert "expire: 1 transactions" in command("2026-06", "--until", "expire")
    assert "open: 1 transactions" in command("2026-06")
    for words in (["2026-06"], ["1999-01"]):
        with pytest.raises(CommandError):
            command(*words)


# What the database keeps --------------------------------------------------------------------


def refused(sql: str, *values: str | int | None) -> None:
    with (
        pytest.raises((IntegrityError, DatabaseError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)


NEW_ACCOUNT = (
    "INSERT INTO ledger_account (commodity_id, kind, owner, floor) VALUES (%s, %s, %s, %s)"
)


def test_tokens_lie_only_in_accounts_that_conservation_knows(valley: Valley) -> None:
    token = Yield.objects.get().commodity_id
    for kind, floor in (("purse", 0), ("own", None), ("own", -1), ("issue", 0), ("holding", 0)):
        refused(NEW_ACCOUNT, token, kind, "member/999", floor)
    with connection.cursor() as cursor:
        cursor.execute(NEW_ACCOUNT, [token, "received", "member/999", 0])


def test_what_a_yield_says_does_not_change_once_it_is_said(valley: Valley) -> None:
    run_close(start_close(period_id=valley.period.pk, actor=None, at=JULY).pk)
    for column in (
        "capacity", "issued", "basis", "cost", "unit_cost", "price", "pool_issued", "actual",
        "settled_cost", "matched", "unbacked", "vacancy", "to_reserve", "carried_next",
    ):  # fmt: skip
        refused(f"UPDATE tokens_yield SET {column} = {column} + 1 WHERE period_id = %s",
                valley.period.pk)  # fmt: skip
    refused("UPDATE tokens_yield SET actual = NULL WHERE period_id = %s", valley.period.pk)
    refused("DELETE FROM tokens_yield")
    july = Yield.objects.latest("pk")
    refused("UPDATE tokens_yield SET issued = capacity + 1, id = %s WHERE id = %s", 0, july.pk)


def test_a_period_only_goes_forward(valley: Valley) -> None:
    refused("UPDATE tokens_period SET state = 'closed'")
    refused('UPDATE tokens_period SET "end" = "end" + interval \'1 day\'')
    refused("UPDATE tokens_period SET start = start - interval '1 day'")
    valley.close()
    refused("UPDATE tokens_period SET state = 'open'")
    refused("UPDATE tokens_period SET closed_at = NULL")
    refused("DELETE FROM tokens_period")


# Pages and programs -------------------------------------------------------------------------


def carry_all() -> None:
    run_close(CloseRun.objects.get().pk)


def test_the_page_starts_a_close_and_shows_how_far_it_is(valley: Valley) -> None:
    browser = login(valley.members["ana"], steward=True)
    assert "Close the whole period" in browser.get(CLOSE).content.decode()
    page = browser.get(f"{CLOSE}whole/").content.decode()
    assert "Start the close" in page and "Leave empty where it is as budgeted" in page
    until = {"until": "open"}
    shown = browser.post(f"{CLOSE}whole/", {**until, "look": "1"}).content.decode()
    assert "nothing is booked yet" in shown and "Period 2026-07 with its rates" in shown
    assert not CloseRun.objects.exists()
    begun = browser.post(f"{CLOSE}whole/", {**until, "start": "1"})
    assert (begun.status_code, begun["Location"]) == (303, CLOSE)
    running = browser.get(CLOSE).content.decode()
    assert "0 of 6 steps are done" in running and 'hx-trigger="every 1s"' in running
    assert browser.get(f"{CLOSE}whole/")["Location"] == CLOSE
    part = browser.get(CLOSE, headers={"HX-Request": "true"})
    assert b"<html" not in part.content and "HX-Refresh" not in part.headers
    carry_all()
    over = browser.get(CLOSE, headers={"HX-Request": "true"})
    assert over["HX-Refresh"] == "true" and b"hx-trigger" not in over.content


def test_a_stopped_close_says_why_and_offers_to_carry_it_on(valley: Valley) -> None:
    browser = login(valley.members["ana"], steward=True)
    browser.post(f"{CLOSE}whole/", {"until": "open", "start": "1"})
    CloseRun.objects.update(moment="2026-06-20T00:00Z")
    carry_all()
    page = browser.get(CLOSE).content.decode()
    assert "runs until" in page and "Carry the close on" in page
    assert browser.post(f"{CLOSE}whole/", {"until": "open", "start": "1"}).status_code == 303
    carry_all()
    assert done() == list(STEPS)


def test_what_a_step_refuses_on_the_form_is_told_there(valley: Valley) -> None:
    browser = login(valley.members["ana"], steward=True)
    row = Yield.objects.get()
    wrong = {"until": "open", "start": "1", f"actual-{row.pk}": "much"}
    assert browser.post(f"{CLOSE}whole/", wrong).status_code == 422
    assert browser.post(f"{CLOSE}whole/", {"until": "never", "start": "1"}).status_code == 422


@pytest.mark.parametrize("path", [f"{CLOSE}whole/", "/stewardship/periods/coming/"])
def test_only_stewards_close(valley: Valley, path: str) -> None:
    assert login(valley.members["ben"]).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_programs_see_preview_and_start_a_close(valley: Valley) -> None:
    steward = login(valley.members["ana"], steward=True)
    url = "/api/v1/periods/2026-06/close"
    assert [step["done"] for step in steward.get(url).json()["steps"]] == [False] * 6
    body = {"actual": [{"pool": "backbone", "resource": "bandwidth", "amount": 51_000}]}
    preview = steward.post(f"{url}/preview", body, "application/json").json()
    assert preview[0]["summary"]["yields"][0]["actual"] == 51_000
    assert done() == []
    begun = steward.post(url, body, "application/json")
    assert (begun.status_code, begun.json()["run"]["state"]) == (202, "running")
    carry_all()
    found = steward.get(url).json()
    assert (found["state"], found["run"]["state"]) == ("closed", "done")
    assert steward.post(url, {}, "application/json").status_code == 409
    assert steward.post(url, {"until": "x"}, "application/json").status_code == 400
    other = login(valley.members["ben"])
    for path in (url, "/api/v1/periods/coming"):
        assert other.get(path).status_code == 403
    coming = steward.get("/api/v1/periods/coming").json()
    assert coming["code"] == "2026-08"
    assert coming["yields"][0]["costs"] == [{"name": "Transit", "amount": 50_000}]
    assert Book.objects.exists()


def test_a_stopped_close_waits_among_the_work_of_stewards(valley: Valley) -> None:
    browser = login(valley.members["ana"], steward=True)
    CloseRun.objects.create(
        period=valley.period, moment=JULY, state="stopped", error_code="x", error="No cash today."
    )
    page = browser.get("/stewardship/").content.decode()
    assert "The close of 2026-06 has stopped" in page and "No cash today." in page
