"""Honouring vouchers offline: what the agent believes, what it refuses, and what it writes down."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from coop_agent import dsse as agent_dsse
from coop_agent import vouchers
from coop_agent.clock import Moment
from coop_agent.errors import NotEnrolled, NotTrusted
from coop_agent.store import Store
from coop_agent.vouchers import NotHonoured, Voucher
from signing import dsse, strict_json
from tests.agent.site import NODE, RunningSite
from tests.agent.test_program import QUICK, Program, program, until
from tests.signing.test_dsse import PUBLIC, SEED
from tokens.voucher_file import VOUCHER, payload_of

__all__ = ["program"]
GB = 10**9
BEGINS, ENDS = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC)
TICKET = "9f54afc516780a413cf9831b13aa9aeb5f06cf07fdba7c32100f0420b41e7922"
SIGNATURE = (
    "xNiFT5rNmU3lwNi5Lniii8RNJtJ1l6jpuNDLBqHEzl0fmMNfSOZqPSL8MUhJ7CrpFEL7M8zqXMmX1sKiWXlpDg=="
)
PAYLOAD = (
    '{"id":"6f1c1f0e-7a35-4f0e-9f4e-2b8f4f6d1a01","issued_at":"2026-11-23T01:02:03Z","mt":20000,'
    '"node":"0192f3a4-0000-7000-8000-000000000001","not_after":"2026-11-24T08:00:00Z",'
    '"not_before":"2026-11-23T08:00:00Z","period":{"code":"2026-11","end":"2026-11-30T23:00:00Z",'
    '"start":"2026-10-31T23:00:00Z"},"pool":"backbone","raw":"20000000000",'
    '"resource":"bandwidth","u":"By","v":1}'
)


def golden() -> bytes:
    """The site's payload of the golden voucher."""
    return payload_of(
        uuid=UUID("6f1c1f0e-7a35-4f0e-9f4e-2b8f4f6d1a01"),
        pool="backbone",
        resource="bandwidth",
        period=(
            "2026-11",
            datetime(2026, 10, 31, 23, tzinfo=UTC),
            datetime(2026, 11, 30, 23, tzinfo=UTC),
        ),
        amount=20_000,
        raw=20 * GB,
        unit="By",
        node=UUID(NODE),
        asset=None,
        not_before=BEGINS,
        not_after=ENDS,
        issued_at=datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC),
    )


def signed(seed: bytes = SEED, kind: str = VOUCHER, **changes: Any) -> bytes:
    """A voucher file; a change to None leaves the part out."""
    said = json.loads(PAYLOAD) | changes
    payload = strict_json.dumps({k: v for k, v in said.items() if v is not None})
    return dsse.sign(seed, kind, payload).as_json()


def at(moment: datetime) -> Moment:
    return Moment("boot", 5 * 10**9, int(moment.timestamp()))


MIDDAY = at(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def node(store: Store) -> Store:
    """The store of the node that golden vouchers are bound to."""
    with store.transaction():
        store.put("node", NODE)
        store.put("server_keys", [PUBLIC.hex()])
    return store


def read(raw: bytes) -> Voucher:
    return vouchers.read(raw, [PUBLIC])


def records(store: Store) -> list[dict[str, Any]]:
    return [json.loads(row["body"]) for row in store.rows("SELECT body FROM record ORDER BY id")]


def test_site_and_agent_agree_on_the_golden_voucher() -> None:
    assert golden().decode() == PAYLOAD
    envelope = dsse.sign(SEED, VOUCHER, golden())
    assert base64.b64encode(envelope.signatures[0].sig).decode() == SIGNATURE
    assert envelope.digest == TICKET
    voucher = read(envelope.as_json())
    assert agent_dsse.chain_value(VOUCHER, golden()) == TICKET == voucher.ticket
    assert (voucher.quantity, voucher.unit, voucher.node) == (20 * GB, "By", NODE)
    assert (voucher.not_before, voucher.not_after) == (
        int(BEGINS.timestamp()), int(ENDS.timestamp()),
    )  # fmt: skip


def changed_byte() -> bytes:
    envelope = json.loads(signed())
    payload = bytearray(base64.b64decode(envelope["payload"]))
    payload[payload.index(b"20000000000")] = ord("9")
    return json.dumps(envelope | {"payload": base64.b64encode(payload).decode()}).encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (changed_byte(), "not signed by a key"),
        (signed(seed=bytes(32)), "not signed by a key"),
        (signed(kind=dsse.payload_type("receipt")), "expected application/vnd.coop.voucher"),
        (b"", "not strict JSON"),
        (b"[]", "a JSON object"),
        (b'{"payloadType":1}', "not an envelope"),
        (b" " * 20_000, "longer than a voucher"),
        (signed(x="y" * 20_000), "longer than a voucher"),
        (signed(v=2), "a version"),
        (signed(raw=None), "a part is missing"),
        (signed(raw=20), "a part is missing"),
        (signed(raw="-1"), "no whole number"),
        (signed(raw="0"), "no whole number"),
        (signed(u="kg"), "which nodes do not count"),
        (signed(node=None), "bound to no node"),
        (signed(asset="MAST-1"), "bound to no node"),
        (signed(node=5), "bound to no node"),
        (signed(not_after="tomorrow"), "a time"),
        (signed(not_after="2026-13-01T00:00:00Z"), "a time"),
        (signed(not_after="2026-11-23T08:00:00Z"), "slot is empty"),
        (signed(not_after="2026-12-24T08:00:00Z"), "outside of its period"),
        (signed(period=None), "of no period"),
        (signed(period={"code": "x"}), "of no period"),
    ],
)
def test_anything_else_is_refused_in_clear_words(raw: bytes, words: str) -> None:
    with pytest.raises((NotTrusted, NotHonoured), match=words):
        read(raw)


def test_a_voucher_is_used_in_parts_and_never_beyond(node: Store) -> None:
    voucher = read(signed())
    first = vouchers.honour(node, voucher, 15 * GB, MIDDAY)
    assert (first.used, first.left) == (15 * GB, 5 * GB)
    with pytest.raises(NotHonoured, match="only 5000000000"):
        vouchers.honour(node, voucher, 5 * GB + 1, MIDDAY)
    assert vouchers.honour(node, voucher, None, MIDDAY).left == 0
    with pytest.raises(NotHonoured, match="all of it was used"):
        vouchers.honour(node, voucher, None, MIDDAY)
    moment = {"t0": "2026-11-23T12:00:00Z", "t1": "2026-11-23T12:00:00Z"}
    mono = {"mt0": "5000000000", "mt1": "5000000000"}
    assert records(node) == [
        {"k": "redeem", "ticket": TICKET, "q": str(q), "u": "By", **moment, **mono}
        for q in (15 * GB, 5 * GB)
    ]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (at(datetime(2026, 11, 23, 7, 59, 59, tzinfo=UTC)), "not good before"),
        (at(ENDS), "was good until"),
        (Moment("boot", 5, None), "does not know the time"),
    ],
)
def test_out_of_its_slot_it_is_good_for_nothing(node: Store, moment: Moment, words: str) -> None:
    with pytest.raises(NotHonoured, match=words):
        vouchers.honour(node, read(signed()), None, moment)
    assert records(node) == []


def test_only_the_node_or_asset_it_names_honours_it(node: Store) -> None:
    other = read(signed(node="0192f3a4-0000-7000-8000-000000000002"))
    with pytest.raises(NotHonoured, match="bound to another node"):
        vouchers.honour(node, other, None, MIDDAY)
    for_the_mast = read(signed(node=None, asset="MAST-1"))
    with pytest.raises(NotHonoured, match="the asset MAST-1"):
        vouchers.honour(node, for_the_mast, None, MIDDAY)
    node.put("asset", "MAST-1")
    assert vouchers.honour(node, for_the_mast, GB, MIDDAY).left == 19 * GB


def test_a_node_that_stopped_signing_or_knows_no_key_gives_nothing(node: Store) -> None:
    node.put("halted", "conflict: x")
    with pytest.raises(NotHonoured, match="stopped signing"):
        vouchers.honour(node, read(signed()), None, MIDDAY)
    node.forget("server_keys")
    with pytest.raises(NotEnrolled):
        vouchers.server_keys(node)


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_is_above_zero(node: Store, amount: int) -> None:
    with pytest.raises(NotHonoured, match="above zero"):
        vouchers.honour(node, read(signed()), amount, MIDDAY)


@pytest.mark.timeout(120)
def test_the_program_honours_from_a_file_and_delivers_the_record(
    running: RunningSite, program: Program, tmp_path: Path
) -> None:
    assert program.ask("enrol", "--server", running.url)[0] == 0
    today = datetime.now(UTC)
    year = {"start": f"{today.year}-01-01T00:00:00Z", "end": f"{today.year + 2}-01-01T00:00:00Z"}
    slot = {"not_before": year["start"], "not_after": year["end"]}
    file = tmp_path / "voucher.json"
    file.write_bytes(signed(seed=running.site.seed, period={"code": "x", **year}, **slot))
    assert program.ask("honour", str(file), "--check")[:2] == (
        0, "good here: 20000000000 By of 20000000000 are left\n",
    )  # fmt: skip
    assert program.ask("honour", str(file), "--use", "5000000000")[0] == 0
    status, _, err = program.ask("honour", str(file), "--use", "15000000001")
    assert (status, "only 15000000000 of it are left" in err) == (1, True)
    file.write_bytes(file.read_bytes().replace(b"voucher+json", b"voucher+jsom"))
    assert program.ask("honour", str(file))[0] == 1
    process = program.start("run", *QUICK)
    until(lambda: redeemed(running))
    process.terminate()
    process.wait()
    [record] = redeemed(running)
    assert (record["q"], record["u"]) == ("5000000000", "By")


def redeemed(running: RunningSite) -> list[dict[str, Any]]:
    bodies = [stored.body for stored in list(running.site.batches.values())]
    return [r for body in bodies for r in body["records"] if r["k"] == "redeem"]
