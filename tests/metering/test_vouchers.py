"""Vouchers: taken out, honoured by a node, counted once, found where presented twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from assets.models import Asset
from coop.invariants import all_broken
from ledger.errors import KeyConflict
from ledger.queries import balance_of
from metering import services
from metering.errors import NotBound, NoVoucher
from metering.models import Node, VoucherPresentation
from metering.services import Slot, review_voucher, take_voucher
from metering.vouchers.presented import bundle_of, doubled, refused, waiting_doubles
from signing import dsse, keys, strict_json
from tests.metering.machine import Machine
from tests.metering.world import Valley
from tokens.errors import BadSlot, NotEnoughTokens, VoucherOver, VoucherUsed
from tokens.models import Adjustment, Book, Period, Settlement, Usage, Voucher
from tokens.services import UsageRow, give_back_voucher, open_period, record_usage, run_step
from tokens.voucher_file import VOUCHER

pytestmark = pytest.mark.django_db
GB = 10**9


def taken(valley: Valley, amount: int = 20_000, **changes: Any) -> Voucher:
    """Ana's voucher for so many millitokens at the machine, good today."""
    now = timezone.now().replace(microsecond=0)
    slot: dict[str, Any] = {
        "not_before": now - timedelta(days=1),
        "not_after": now + timedelta(days=1),
    }
    slot |= {} if "asset" in changes else {"node": valley.machine.row}
    key = changes.pop("key", "v")
    return take_voucher(
        member=valley.ana,
        pool=valley.pool,
        resource=valley.resource(changes.pop("resource", "bandwidth")),
        amount=amount,
        slot=Slot(**(slot | changes)),
        actor=None,
        key=key,
    )


def redeem(machine: Machine, voucher: Voucher | str, quantity: int, **changes: Any) -> Any:
    """The record that a node writes."""
    ticket = voucher if isinstance(voucher, str) else voucher.ticket
    times = machine.times(0)
    return {"k": "redeem", "ticket": ticket, "q": str(quantity), "u": "By", **times, **changes}


def deliver(machine: Machine, *records: Any) -> None:
    """One batch with these records, accepted and rated."""
    [result] = services.accept_envelopes(envelopes=[machine.batch(*records)])
    assert result.status == "accepted", result
    while services.rate_waiting():
        pass


def book(valley: Valley, code: str = "bandwidth") -> Book:
    return Book.objects.get(member=valley.ana, yields__resource__code=code,
                            yields__period=valley.period)  # fmt: skip


def held(valley: Valley) -> tuple[int, int, int, int]:
    """own, in vouchers, redeemed, overage"""
    row = book(valley)
    account = row.yields.vouchers_account
    out = 0 if account is None else balance_of(account)
    return balance_of(row.own_account), out, row.redeemed, row.overage


def use(valley: Valley, amount: int, key: str) -> None:
    row = UsageRow(
        member_id=valley.ana.pk,
        pool_id=valley.pool.pk,
        resource_id=valley.resource("bandwidth").pk,
        used_at=timezone.now(),
        amount=amount,
        key=key,
        kind="reading" if amount > 0 else "correction",
        reason="" if amount > 0 else "read twice",
    )
    record_usage(rows=[row], actor=None)


def test_a_voucher_says_what_it_is_for_and_names_nobody(valley: Valley) -> None:
    voucher = taken(valley)
    assert held(valley) == (480_000, 20_000, 0, 0)
    envelope = services_document(voucher)
    said = strict_json.loads(dsse.verify(envelope, keys.public_key(), VOUCHER))
    assert envelope.digest == voucher.ticket
    assert {k: said[k] for k in ("pool", "resource", "mt", "raw", "u", "node")} == {
        "pool": "backbone", "resource": "bandwidth", "mt": 20_000, "raw": str(20 * GB),
        "u": "By", "node": str(valley.machine.row.uuid),
    }  # fmt: skip
    text = envelope.payload.decode()
    assert "Ana" not in text
    assert "member" not in text
    assert set(said) == {
        "v", "id", "pool", "resource", "period", "mt", "raw", "u", "node", "not_before",
        "not_after", "issued_at",
    }  # fmt: skip
    assert all_broken() == []


def services_document(voucher: Voucher) -> dsse.Envelope:
    from tokens.services.vouchers import as_document

    return as_document(voucher)


def test_each_resource_is_counted_in_its_own_raw_unit(valley: Valley) -> None:
    storage = taken(valley, 1_000, resource="storage", key="s")
    cpu = taken(valley, 1_000, resource="cpu", key="c")
    assert (storage.unit, int(storage.raw)) == ("By.s", 86_400 * GB)
    assert (cpu.unit, int(cpu.raw)) == ("us", 3_600_000_000)


def test_what_a_node_gave_is_used_once_from_the_voucher(valley: Valley) -> None:
    voucher = taken(valley)
    envelope = valley.machine.batch(redeem(valley.machine, voucher, 5 * GB))
    for _ in range(2):
        services.accept_envelopes(envelopes=[envelope])
        while services.rate_waiting():
            pass
    assert held(valley) == (480_000, 15_000, 5_000, 0)
    usage = Usage.objects.get()
    row = VoucherPresentation.objects.get()
    assert (usage.key, usage.kind, usage.amount) == (f"voucher:{row.pk}", "voucher", 5_000)
    assert (row.state, row.beyond) == ("counted", 0)
    deliver(valley.machine, redeem(valley.machine, voucher, 15 * GB))
    assert held(valley) == (480_000, 0, 20_000, 0)
    assert not doubled().exists()
    assert all_broken() == []


def test_parts_of_a_token_add_up_to_the_whole(valley: Valley) -> None:
    voucher = taken(valley, 1)
    records = [redeem(valley.machine, voucher, part) for part in (333_333, 333_333, 333_334)]
    deliver(valley.machine, *records)
    amounts = list(VoucherPresentation.objects.values_list("amount", flat=True))
    assert amounts == [0, 0, 1]
    assert held(valley)[1:] == (0, 1, 0)
    assert all_broken() == []


def test_what_is_metered_beside_a_voucher_is_rated_as_without_it(valley: Valley) -> None:
    voucher = taken(valley, 100_000)
    use(valley, 450_000, "u")
    assert held(valley) == (0, 100_000, 400_000, 50_000)
    deliver(valley.machine, redeem(valley.machine, voucher, 40 * GB))
    assert held(valley) == (0, 60_000, 440_000, 50_000)
    use(valley, -60_000, "c")
    assert held(valley) == (10_000, 60_000, 430_000, 0)
    assert all_broken() == []


def test_beyond_its_quantity_it_is_the_members_use_and_marked(valley: Valley) -> None:
    voucher = taken(valley)
    deliver(valley.machine, redeem(valley.machine, voucher, 20 * GB))
    deliver(valley.machine, redeem(valley.machine, voucher, 3 * GB))
    assert held(valley) == (477_000, 0, 23_000, 0)
    assert [row.beyond for row in voucher.presentations.all()] == [0, 3_000]
    assert list(doubled()) == [voucher] == waiting_doubles()
    assert len(bundle_of(voucher)["batches"]) == 2
    assert all_broken() == []


def test_two_nodes_of_one_asset_present_a_voucher_twice(valley: Valley) -> None:
    asset = Asset.objects.get()
    second = Machine().enrolled().described()
    Node.objects.update(asset=asset)
    voucher = taken(valley, asset=asset)
    deliver(valley.machine, redeem(valley.machine, voucher, 20 * GB))
    deliver(second, redeem(second, voucher, 20 * GB))
    assert held(valley) == (460_000, 0, 40_000, 0)
    [row] = waiting_doubles()
    nodes = {one.envelope.node_id for one in row.presentations.all()}
    assert nodes == {valley.machine.row.pk, second.row.pk}
    review_voucher(voucher_id=row.pk, note="The old gate was cloned.", actor=valley.steward)
    assert (waiting_doubles(), list(doubled())) == ([], [row])
    deliver(second, redeem(second, voucher, 1 * GB))
    assert waiting_doubles() == [row]
    assert all_broken() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ticket": "ab" * 32}, "unknown"),
        ({"u": "us"}, "wrong_unit"),
        ({"t1": "2020-01-01T00:00:00Z"}, "outside"),
        ({"t1": "2100-01-01T00:00:00Z"}, "no_time"),
        ({"t0": None, "t1": None}, "no_time"),
    ],
)
def test_what_is_no_good_is_kept_and_not_charged(
    valley: Valley, changes: dict[str, Any], why: str
) -> None:
    voucher = taken(valley)
    record = redeem(valley.machine, voucher, 5 * GB) | changes
    deliver(valley.machine, {k: v for k, v in record.items() if v is not None})
    [row] = refused()
    assert (row.state, row.why, row.quantity) == ("refused", why, 5 * GB)
    assert held(valley) == (480_000, 20_000, 0, 0)
    assert not Usage.objects.exists()
    assert all_broken() == []


def test_another_node_than_the_one_named_counts_for_nothing(valley: Valley) -> None:
    voucher, other = taken(valley), Machine().enrolled().described()
    deliver(other, redeem(other, voucher, 5 * GB))
    assert [row.why for row in refused()] == ["wrong_node"]
    assert held(valley) == (480_000, 20_000, 0, 0)


def test_an_unused_voucher_is_given_back(valley: Valley) -> None:
    voucher = taken(valley, 400_000)
    use(valley, 200_000, "u")
    assert held(valley) == (0, 400_000, 100_000, 100_000)
    for _ in range(2):
        give_back_voucher(voucher_id=voucher.pk, actor=None)
    assert held(valley) == (300_000, 0, 200_000, 0)
    assert all_broken() == []


def test_a_voucher_presented_after_it_was_given_back_is_use_and_marked(valley: Valley) -> None:
    voucher = taken(valley)
    give_back_voucher(voucher_id=voucher.pk, actor=None)
    deliver(valley.machine, redeem(valley.machine, voucher, 5 * GB))
    assert held(valley) == (495_000, 0, 5_000, 0)
    assert waiting_doubles() == [voucher]
    assert all_broken() == []


def test_a_used_or_ended_voucher_cannot_be_given_back(
    valley: Valley, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, other = taken(valley), taken(valley, key="w")
    deliver(valley.machine, redeem(valley.machine, used, 1))
    deliver(valley.machine, redeem(valley.machine, used, GB))
    with pytest.raises(VoucherUsed):
        give_back_voucher(voucher_id=used.pk, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: other.not_after)
    with pytest.raises(VoucherOver):
        give_back_voucher(voucher_id=other.pk, actor=None)


def test_what_is_left_at_the_close_expires_as_the_members_own(valley: Valley) -> None:
    voucher = taken(valley)
    deliver(valley.machine, redeem(valley.machine, voucher, 5 * GB))
    close(valley)
    done = Settlement.objects.get(book=book(valley))
    assert (done.used, done.redeemed, done.expired) == (5_000, 5_000, 495_000)
    assert held(valley)[1] == 0
    assert all_broken() == []


def close(valley: Valley) -> None:
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(period_id=valley.period.pk, step=step, actor=None, early=True)


def test_what_is_presented_after_the_close_becomes_an_adjustment(valley: Valley) -> None:
    voucher = taken(valley)
    batch = valley.machine.batch(redeem(valley.machine, voucher, 5 * GB))
    close(valley)
    services.accept_envelopes(envelopes=[batch])
    while services.rate_waiting():
        pass
    assert VoucherPresentation.objects.get().state == "waiting"
    period = Period.objects.get()
    open_period(start=period.end, end=period.end + timedelta(days=20), code="next", actor=None)
    while services.rate_waiting():
        pass
    row = VoucherPresentation.objects.get()
    change = Adjustment.objects.get()
    assert (row.state, row.amount) == ("counted", 5_000)
    assert (change.from_expired, change.over, change.cost_part) == (5_000, 0, 0)
    assert all_broken() == []


def test_what_comes_later_than_late_use_is_charged_is_kept(
    valley: Valley, monkeypatch: pytest.MonkeyPatch
) -> None:
    voucher = taken(valley)
    batch = valley.machine.batch(redeem(valley.machine, voucher, 5 * GB))
    close(valley)
    period = Period.objects.get()
    much_later = datetime.now(UTC) + timedelta(days=61)
    monkeypatch.setattr(timezone, "now", lambda: much_later)
    open_period(start=period.end, end=much_later + timedelta(days=9), code="next", actor=None)
    services.accept_envelopes(envelopes=[batch])
    while services.rate_waiting():
        pass
    assert VoucherPresentation.objects.get().state == "late"
    assert not Adjustment.objects.exists()
    assert all_broken() == []


def test_what_taking_out_refuses(valley: Valley) -> None:
    now = timezone.now().replace(microsecond=0)
    voucher = taken(valley)
    slot: dict[str, Any] = {"not_before": voucher.not_before, "not_after": voucher.not_after}
    assert taken(valley, **slot).pk == voucher.pk
    with pytest.raises(KeyConflict):
        taken(valley, 20_001, **slot)
    with pytest.raises(NotEnoughTokens):
        taken(valley, 480_001, key="w")
    for begins, ends in (
        (now, now),
        (now - timedelta(days=2), now - timedelta(days=1)),
        (now, now + timedelta(days=21)),
        (now - timedelta(days=11), now + timedelta(days=1)),
        (now, now + timedelta(seconds=1, microseconds=1)),
    ):
        with pytest.raises(BadSlot):
            taken(valley, key="w", not_before=begins, not_after=ends)
    with pytest.raises(NotBound):
        taken(valley, key="w", node=None)
    Node.objects.update(state="suspect")
    valley.machine.row.refresh_from_db()
    with pytest.raises(NotBound):
        taken(valley, key="w")


def test_resources_that_no_node_counts_have_no_vouchers(valley: Valley) -> None:
    from assets.services import create_resource

    odd = create_resource(code="heat", name="Heat", unit="kWh", position=9)
    with pytest.raises(NoVoucher):
        taken(valley, resource=odd.code)


def test_the_database_keeps_vouchers_and_what_was_presented(valley: Valley) -> None:
    voucher = taken(valley)
    deliver(valley.machine, redeem(valley.machine, voucher, 5 * GB))
    rows = Voucher.objects.filter(pk=voucher.pk)
    for change in ({"amount": 1}, {"presented": 1}, {"state": "back"}, {"payload": b"x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        VoucherPresentation.objects.update(quantity=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        VoucherPresentation.objects.all().delete()
