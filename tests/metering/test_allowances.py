"""What a node is told that its members may use: signed, only to it, only about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from members.models import Member
from metering import services
from signing import dsse, keys, strict_json
from tests.makers import agree, make_member
from tests.metering.machine import CPU, TX, Machine, post, wall
from tests.metering.world import Valley
from tokens.allowances import allowances
from tokens.services import set_overage_wish

GB = 10**9
URL = "/api/v1/agent/allowances"
ASK = dsse.payload_type("allowances-request")


def asked(machine: Machine, **changes: Any) -> Any:
    body = {"v": 1, "node": str(machine.row.uuid), "sent": wall(datetime.now(UTC))}
    envelope = dsse.sign(machine.seed, ASK, strict_json.dumps(body | changes))
    return Client().post(URL, envelope.as_json(), content_type="application/json")


def told(machine: Machine) -> dict[str, Any]:
    """What the site answers, its signature checked."""
    response = asked(machine)
    assert response.status_code == 200
    envelope = dsse.Envelope.from_json(response.content)
    found: dict[str, Any] = strict_json.loads(
        keys.verify_document(envelope, dsse.payload_type("allowances"))
    )
    return found


def rows(machine: Machine) -> dict[str, tuple[int, int | None]]:
    return {row["meter"]: (row["left"], row["over"]) for row in told(machine)["allowances"]}


def test_a_node_learns_what_is_left_and_until_when(valley: Valley) -> None:
    valley.assign(valley.ana)
    valley.assign(valley.ben, CPU, "cpu")
    post(valley.machine.batches(0, 2 * GB))
    services.rate_waiting()
    found = told(valley.machine)
    assert rows(valley.machine) == {TX: (498_000, None), CPU: (0, None)}
    line = found["allowances"][0]
    assert (line["member"], line["num"], line["den"]) == (valley.ana.number, 1, 10**6)
    assert set(line) == {
        "assignment", "meter", "member", "pool", "resource", "num", "den", "left", "over",
    }  # fmt: skip
    assert "Ana" not in str(found)
    until = datetime.strptime(found["until"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)


def test_nothing_beyond_tokens_by_wish_or_where_the_limit_is_reached(valley: Valley) -> None:
    valley.assign(valley.ben)
    assert rows(valley.machine) == {TX: (0, None)}
    agree("credit_limit", 160)
    assert rows(valley.machine) == {TX: (0, 2_000)}
    post(valley.machine.batches(0, 2 * GB))
    services.rate_waiting()
    assert rows(valley.machine) == {TX: (0, 0)}
    agree("credit_limit", 1_000)
    assert rows(valley.machine) == {TX: (0, 10_500)}
    set_overage_wish(member=valley.ben, may_go_over=False, actor=None)
    assert rows(valley.machine) == {TX: (0, 0)}


def test_only_the_node_itself_is_told_and_only_of_its_own_meters(valley: Valley) -> None:
    valley.assign(valley.ana)
    other = Machine().enrolled().described()
    assert told(other)["allowances"] == []
    named = asked(other, node=str(valley.machine.row.uuid))
    assert (named.status_code, named.json()["code"]) == (422, "schema")
    stranger = Machine(node=valley.machine.row)
    assert asked(stranger).status_code == 401
    old = asked(valley.machine, sent=wall(datetime.now(UTC) - timedelta(hours=2)))
    assert (old.status_code, old.json()["code"]) == (409, "stale_request")
    batch = Client().post(
        URL, valley.machine.inventory().as_json(), content_type="application/json"
    )
    assert batch.status_code == 422
    services.revoke_node(actor=valley.steward, node=valley.machine.row, reason="lost")
    assert asked(valley.machine).status_code == 403


def test_an_ended_assignment_is_not_told_any_more(valley: Valley) -> None:
    valley.assign(valley.ana)
    member: Member = make_member("Dora")
    assignment = valley.meter(TX).assignments.get()
    services.end_assignment(actor=valley.steward, assignment=assignment)
    assert told(valley.machine)["allowances"] == []
    assert member.number is not None


def test_a_node_with_more_members_asks_no_more_often(
    valley: Valley, django_assert_max_num_queries: Any
) -> None:
    agree("credit_limit", 160)
    places = [(valley.ana.pk, 1, 1), (valley.ben.pk, 1, 1)]
    places += [(make_member(f"M{n}").pk, 1, 1) for n in range(20)]
    with django_assert_max_num_queries(7):
        assert len(allowances(places, datetime.now(UTC))) == 22
