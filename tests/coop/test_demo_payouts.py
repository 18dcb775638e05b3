"""The demo's payouts at every stage, its books right, and its last month's statements sent once."""

import pytest

from coop.demo import build
from coop.invariants import all_broken
from coop.tasks import mail_statements
from payments.models import Mail, Payout

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_pays_out_and_sends_its_statements() -> None:
    for _again in range(2):
        build.build()
    states = Payout.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["approved", "executed", "requested"]
    assert all_broken() == []
    mail_statements()
    sent = Mail.objects.filter(key__startswith="statement:").count()
    assert sent > 0
    mail_statements()
    assert Mail.objects.filter(key__startswith="statement:").count() == sent
