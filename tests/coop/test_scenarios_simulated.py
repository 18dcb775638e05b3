"""Simulations on the site: pages and API, what is refused, and plays for real."""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import connect

from coop.models import SimulationRun
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.throwaway import databases
from coop.simulations import bounds, running, services
from coop.simulations.changes import Changes
from coop.simulations.errors import (
    BadScenario,
    NoMonth,
    NotInThisState,
    TextTooLong,
    TooManyMembers,
    TooManyMonths,
    TooManyRuns,
    UnknownScenario,
    UnknownYieldChanged,
)
from coop.simulations.queries import numbers_in
from ledger.errors import KeyConflict
from ledger.models import Transaction
from members.models import Role, User
from members.services import grant_role
from tests.coop.test_scenarios_files import GOOD
from tests.makers import make_member, make_steward

pytestmark = pytest.mark.django_db(transaction=True)
State = SimulationRun.State
PAGE = "/stewardship/simulation/"
SHORT = Changes(months=2)


@pytest.fixture
def steward() -> User:
    return make_steward()


@pytest.fixture
def client(steward: User) -> Client:
    found = Client()
    found.force_login(steward)
    return found


def draft(steward: User, source: str = "library:from-user-to-owner") -> SimulationRun:
    return services.begin(source=source, actor=steward, key=f"k{SimulationRun.objects.count()}")


def queued(steward: User, changes: Changes = SHORT, name: str = "what if") -> SimulationRun:
    run = draft(steward)
    return services.queue(run_id=run.pk, name=name, changes=changes, actor=steward)


def again(run: SimulationRun) -> SimulationRun:
    return SimulationRun.objects.get(pk=run.pk)


def test_a_story_is_begun_changed_played_read_and_compared(client: Client, steward: User) -> None:
    booked = Transaction.objects.count()
    answer = client.post(PAGE + "begin/", {"source": "library:from-user-to-owner", "key": "a"})
    assert answer.status_code == 303
    url = answer.headers["Location"]
    page = client.get(url).content.decode()
    assert "3 members take part" in page and 'value="500.00"' in page
    answer = client.post(url, first_fields(page) | {"months": "3", "name": "plain"})
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert "It begins as soon as" in client.get(url).content.decode()
    assert running.play_queued() == 1
    page = client.get(url).content.decode()
    assert "Cost of a token" in page and "All numbers (JSON)" in page
    answer = client.post(url + "vary/", {"key": "b"})
    other = answer.headers["Location"]
    page = client.get(other).content.decode()
    changes = {"cost:backbone:bandwidth": "600", "growth": "2 %", "name": "dearer"}
    client.post(other, first_fields(page) | changes)
    assert running.play_queued() == 1
    first, second = SimulationRun.objects.order_by("pk")
    page = client.get(f"{PAGE}compare/?a={first.pk}&b={second.pk}&member=chloe").content.decode()
    assert "▲" in page and "Owned share of use, member chloe" in page
    assert "€0.60" in page and "€0.50" in page
    assert Transaction.objects.count() == booked


def first_fields(page: str) -> dict[str, str]:
    """What the form would send if nothing were typed."""
    found = re.findall(r"<input[^>]*>", page.split('method="post" novalidate')[1])
    pairs = {}
    for field in found:
        name, value = re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)
        if name and name[1] != "csrfmiddlewaretoken":
            pairs[name[1]] = value[1] if value else ""
    return pairs


def test_what_is_played_on_the_page_simulate_plays_too(
    client: Client, steward: User, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = queued(steward, Changes(months=2, newcomers=1, newcomer_use=use("20")))
    running.play_queued()
    file = tmp_path / "played.toml"
    file.write_bytes(client.get(f"{PAGE}{run.pk}/scenario.toml").content)
    call_command("simulate", str(file), "--json")
    result = client.get(f"{PAGE}{run.pk}/result.json")
    assert "attachment" in result.headers["Content-Disposition"]
    assert json.loads(capsys.readouterr().out) == result.json()
    assert "new 2" in result.json()["final"]["members"]


def use(amount: str) -> dict[str, dict[str, int]]:
    return {"backbone": {"bandwidth": int(amount) * 1000}}


def test_numbers_agree_with_what_the_books_of_the_play_ended_with(steward: User) -> None:
    for name in ("second-mast", "waiting-for-things"):
        run = draft(steward, f"library:{name}")
        services.queue(run_id=run.pk, name=name, changes=Changes(), actor=steward)
    assert running.play_queued() == 2
    for run in SimulationRun.objects.all():
        numbers = numbers_in(run)
        assert run.result is not None
        final = run.result["final"]
        for code in final["growth_fund"]:
            assert numbers.rows[code, "", "growth_fund"][-1] == final["growth_fund"][code]
            assert numbers.rows[code, "", "reserve"][-1] == final["reserve"][code]
            vacancy = [row for key, row in numbers.rows.items() if key[2] == "vacancy"]
            assert sum(n or 0 for row in vacancy for n in row) == final["vacancy"][code]


def test_progress_is_told_and_its_page_refreshes_when_it_ends(
    client: Client, steward: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(steward)
    seen: list[tuple[str, int]] = []

    def watched(scenario: Any, tell: Any) -> Any:
        def hear(done: int) -> None:
            tell(done)
            with outside() as cursor:
                cursor.execute("SELECT state, months_done FROM coop_simulationrun")
                seen.append(cursor.fetchone())

        return play(scenario, hear)

    monkeypatch.setattr(running, "play", watched)
    part = client.get(f"{PAGE}{run.pk}/", headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in part.content.decode()
    assert "HX-Refresh" not in part.headers and "HX-Request" in part.headers["Vary"]
    running.play_queued()
    assert seen == [("running", 0), ("running", 1), ("running", 2)]
    part = client.get(f"{PAGE}{run.pk}/", headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true"


@contextmanager
def outside() -> Iterator[Any]:
    """A cursor in the real database, whatever "default" is at the moment."""
    with connect(**REAL) as real, real.cursor() as cursor:
        yield cursor


REAL: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def the_real_database() -> None:
    parameters = connection.get_connection_params()
    REAL.update({k: v for k, v in parameters.items() if k not in ("cursor_factory", "context")})


def test_a_run_that_is_stopped_ends_with_its_month_and_leaves_nothing(
    steward: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(steward, Changes(months=3))

    def stopped_after_one(scenario: Any, tell: Any) -> Any:
        def hear(done: int) -> None:
            if done == 1:
                with outside() as cursor:
                    cursor.execute("UPDATE coop_simulationrun SET state = 'stopped'")
            tell(done)

        return play(scenario, hear)

    monkeypatch.setattr(running, "play", stopped_after_one)
    running.play_queued()
    assert (again(run).state, again(run).result) == (State.STOPPED, None)
    assert not [name for name in databases() if name.startswith("coop_play")]
    services.run_again(run_id=run.pk, actor=steward)
    monkeypatch.setattr(running, "play", play)
    running.play_queued()
    assert again(run).state == State.DONE


def test_what_turns_out_impossible_says_where(client: Client, steward: User) -> None:
    text = GOOD.replace("units = 1 }", "units = 500 }")
    run = services.begin(source="text", text=text, actor=steward, key="x")
    services.queue(run_id=run.pk, name="greedy", changes=Changes(), actor=steward)
    running.play_queued()
    found = again(run)
    assert found.state == State.FAILED
    line = int(re.search(r"line (\d+): period 1, buy 1, units", found.error)[1])  # type: ignore[index]
    assert "units = 500" in services.played_text(found).splitlines()[line - 1]
    assert found.error.split(":")[0] in client.get(f"{PAGE}{run.pk}/").content.decode()


def test_a_fault_in_the_program_fails_the_run_and_spares_the_worker(
    steward: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(steward), queued(steward)

    def fails_once(scenario: Any, tell: Any) -> Any:
        monkeypatch.setattr(running, "play", play)
        raise ZeroDivisionError

    monkeypatch.setattr(running, "play", fails_once)
    assert running.play_queued() == 2
    assert (again(first).state, again(second).state) == (State.FAILED, State.DONE)


def test_one_that_takes_too_long_is_ended(
    client: Client, steward: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(steward)
    monkeypatch.setattr(bounds, "MOST_SECONDS", -1)
    running.play_queued()
    assert again(run).error == running.TOOK_TOO_LONG
    assert "It took too long" in client.get(f"{PAGE}{run.pk}/").content.decode()


def test_a_run_without_its_process_is_found_and_can_go_again(client: Client, steward: User) -> None:
    run = queued(steward)
    SimulationRun.objects.filter(pk=run.pk).update(state=State.RUNNING)
    with running.keeper() as somebody:
        assert somebody is not None
        assert running.play_queued() == 0
        assert again(run).state == State.RUNNING
    assert running.play_queued() == 0
    assert again(run).state == State.LOST
    assert "The process that played it ended" in client.get(f"{PAGE}{run.pk}/").content.decode()
    assert client.post(f"{PAGE}{run.pk}/again/").status_code == 303
    assert running.play_queued() == 1
    assert again(run).state == State.DONE


def test_only_so_many_of_one_steward_wait_at_once(client: Client, steward: User) -> None:
    runs = [queued(steward) for _ in range(bounds.MOST_AT_ONCE)]
    run = draft(steward)
    with pytest.raises(TooManyRuns):
        services.queue(run_id=run.pk, name="one more", changes=SHORT, actor=steward)
    url = f"{PAGE}{run.pk}/"
    answer = client.post(url, first_fields(client.get(url).content.decode()))
    assert answer.status_code == 422
    assert "wait or run already" in answer.content.decode()
    other = make_steward("Sam")
    services.queue(run_id=draft(other).pk, name="theirs", changes=SHORT, actor=other)
    client.post(f"{PAGE}{runs[0].pk}/stop/")
    assert again(runs[0]).state == State.STOPPED
    services.queue(run_id=run.pk, name="now", changes=SHORT, actor=steward)


def test_the_same_key_begins_once_and_a_run_is_sent_off_once(steward: User) -> None:
    make: dict[str, Any] = {"source": "text", "actor": steward, "key": "same"}
    run = services.begin(text=GOOD, **make)
    assert services.begin(text=GOOD, **make) == run
    with pytest.raises(KeyConflict):
        services.begin(text=GOOD + "\n", **make)
    sent = services.queue(run_id=run.pk, name="a", changes=SHORT, actor=steward)
    again_sent = services.queue(run_id=run.pk, name="a", changes=SHORT, actor=steward)
    assert again_sent.queued_at == sent.queued_at
    with pytest.raises(NotInThisState):
        services.queue(run_id=run.pk, name="a", changes=Changes(months=3), actor=steward)
    with pytest.raises(NotInThisState):
        services.delete(run_id=run.pk, actor=steward)


def test_what_is_too_much_or_unknown_is_refused(
    steward: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make: dict[str, Any] = {"source": "text", "actor": steward, "key": "k"}
    with pytest.raises(BadScenario, match="Line 7: pool 1, issue_price"):
        services.begin(text=GOOD.replace("issue_price = 100", "issue_price = 0"), **make)
    with pytest.raises(NoMonth):
        services.begin(text=GOOD.split("[[period]]")[0], **make)
    for source in ("library:nothing", "run:1", ""):
        with pytest.raises(UnknownScenario):
            services.begin(source=source, actor=steward, key="k", text=GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "MOST_BYTES", 10)
        with pytest.raises(TextTooLong):
            services.begin(text=GOOD, **make)
    run = draft(steward)
    for changes, error in (
        (Changes(months=61), TooManyMonths),
        (Changes(months=50, newcomers=10), TooManyMembers),
        (Changes(cost={"backbone": {"cpu": 1}}), UnknownYieldChanged),
    ):
        with pytest.raises(error):
            services.queue(run_id=run.pk, name="x", changes=changes, actor=steward)
    assert again(run).state == State.DRAFT


def test_a_text_is_pasted_or_uploaded_and_a_mistake_stands_at_the_field(client: Client) -> None:
    bad = GOOD.replace('member = "ben", pool', 'member = "bem", pool', 1)
    answer = client.post(PAGE + "new/", {"text": bad, "key": "k"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 27: period 1, buy 1, member" in page
    assert "did you mean" in page and 'id="id_text_error"' in page
    assert client.post(PAGE + "new/", {"text": "", "key": "k"}).status_code == 422
    file = {"file": upload(b"\xff\xfe"), "key": "k"}
    assert "UTF-8" in client.post(PAGE + "new/", file).content.decode()
    answer = client.post(PAGE + "new/", {"file": upload(GOOD.encode()), "key": "k"})
    assert answer.status_code == 303
    assert parse(SimulationRun.objects.get().text) == parse(GOOD)


def upload(content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("mine.toml", content)


def test_stewards_act_auditors_read_and_members_are_kept_out(steward: User) -> None:
    run = queued(steward)
    auditor = make_member("Audrey").user
    assert auditor is not None
    grant_role(user=auditor, name=Role.Name.AUDITOR, actor=None, source="founding")
    reads, outsider = Client(), Client()
    reads.force_login(auditor)
    member = make_member("Mo").user
    assert member is not None
    outsider.force_login(member)
    url = f"{PAGE}{run.pk}/"
    for path in (PAGE, url, PAGE + "compare/", url + "scenario.toml"):
        assert reads.get(path).status_code == 200, path
        assert outsider.get(path).status_code == 403, path
    for path in (url + "stop/", url + "vary/", url + "delete/", PAGE + "begin/"):
        assert reads.post(path).status_code == 403, path
    assert Client().get(PAGE).headers["Location"].startswith("/account/login/")
    assert reads.get(f"{PAGE}999/").status_code == 404
    assert client_of(steward).get("/stewardship/").content.decode().count(PAGE) == 1


def client_of(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def test_runs_are_deleted_by_hand_or_by_the_policy(client: Client, steward: User) -> None:
    old, new, begun = queued(steward), queued(steward), draft(steward)
    running.play_queued()
    long_ago = timezone.now() - timedelta(days=181)
    SimulationRun.objects.filter(pk=old.pk).update(finished_at=long_ago)
    SimulationRun.objects.filter(pk=begun.pk).update(asked_at=long_ago)
    assert running.forget_old() == 2
    page = client.get(f"{PAGE}{new.pk}/delete/").content.decode()
    assert "cannot be had back" in page
    assert client.post(f"{PAGE}{new.pk}/delete/").status_code == 303
    assert not SimulationRun.objects.exists()


def test_the_api_does_what_the_pages_do(client: Client, steward: User) -> None:
    wish = {
        "source": "library:from-user-to-owner",
        "changes": {"months": 1, "growth": [1, 50], "cost": {"backbone": {"bandwidth": 61_000}}},
    }
    head: dict[str, Any] = {
        "headers": {"Idempotency-Key": "k1"},
        "content_type": "application/json",
    }
    made = client.post("/api/v1/simulations", wish, **head)
    assert (made.status_code, made.json()["state"]) == (202, "queued")
    assert client.post("/api/v1/simulations", wish, **head).json()["id"] == made.json()["id"]
    url = f"/api/v1/simulations/{made.json()['id']}"
    assert client.get(url + "/result").json()["code"] == "simulation_not_finished"
    running.play_queued()
    assert client.get(url).json()["months_done"] == 1
    assert len(client.get(url + "/result").json()["periods"]) == 1
    text = client.get(url + "/scenario").content.decode()
    assert tomllib.loads(text)["pool"][0]["cost"] == {"bandwidth": 61_000}
    number = made.json()["id"]
    both = client.get(f"/api/v1/simulations/comparison?a={number}&b={number}").json()
    assert both["a"] == both["b"] and both["a"]["months"] == ["2026-06"]
    assert client.post(url + "/stop").json()["code"] == "simulation_state"
    bad = {"source": "text", "text": "[cooperative]"}
    head["headers"] = {"Idempotency-Key": "k2"}
    assert client.post("/api/v1/simulations", bad, **head).json()["code"] == "bad_scenario"
    assert client.get("/api/v1/simulations").json()["results"][0]["id"] == number
    assert client.delete(url).status_code == 204
    assert client_of_member().get("/api/v1/simulations").status_code == 403


def client_of_member() -> Client:
    user = make_member("Mo").user
    assert user is not None
    return client_of(user)
