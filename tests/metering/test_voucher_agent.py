"""A real node that is cut off honours a voucher, comes back, and the site counts it once."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from coop.invariants import all_broken
from metering import services
from metering.models import Node, VoucherPresentation
from metering.services import Slot, take_voucher
from tests.agent.test_program import QUICK, Program, program, until
from tests.metering.world import Valley, make_valley
from tokens.models import Voucher
from tokens.services.vouchers import as_document

__all__ = ["program"]
GB = 10**9
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_honoured_offline_and_counted_when_the_node_is_back(
    live_server: LiveServer, program: Program, tmp_path: Path
) -> None:
    valley, code = make_valley(), tmp_path / "code"
    enrolling = program.start("enrol", "--server", live_server.url, "--code-file", str(code))
    until(code.exists)
    node = services.approve_enrolment(actor=None, user_code=code.read_text(), label="gate")
    assert enrolling.wait() == 0
    file, voucher = tmp_path / "voucher.json", taken(valley, node)
    file.write_bytes(as_document(voucher).as_json())
    cut_off = program.start("run", "--server", NOWHERE, *QUICK)
    assert program.ask("honour", str(file), "--use", str(12 * GB))[0] == 0
    assert program.ask("honour", str(file), "--use", str(9 * GB))[0] == 1
    assert program.ask("honour", str(file))[:2][0] == 0
    assert program.ask("honour", str(file))[0] == 1
    cut_off.terminate()
    assert cut_off.wait() == 0
    assert not VoucherPresentation.objects.exists()
    online = program.start("run", "--server", live_server.url, *QUICK)
    until(lambda: counted(voucher) == 20_000)
    online.terminate()
    assert online.wait() == 0
    rows = VoucherPresentation.objects.values_list("amount", "beyond")
    assert list(rows) == [(12_000, 0), (8_000, 0)]
    assert all_broken() == []


def taken(valley: Valley, node: Node) -> Voucher:
    now = timezone.now().replace(microsecond=0)
    return take_voucher(
        member=valley.ana,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
        amount=20_000,
        slot=Slot(now - timedelta(minutes=1), now + timedelta(days=1), node=node),
        actor=None,
        key="v",
    )


def counted(voucher: Voucher) -> int:
    """Millitokens that the site knows of."""
    services.rate_waiting()
    voucher.refresh_from_db()
    return voucher.presented
