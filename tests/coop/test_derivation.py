"""Each charge from its readings to its title: numbers, links, and who may see them."""

import pytest
from django.test import Client

from coop.derivation import derivation_of
from members.services import grant_role
from metering import services
from payments.models import Charge
from tests.metering.machine import post
from tests.metering.world import make_valley as make_metered_valley
from tests.tokens.test_late import close_july, closed_june
from tests.tokens.test_pages import login
from tests.valley import Valley, make_valley
from titles.models import Title
from tokens.services import STEPS, record_late, run_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    made = make_valley()
    made.used_as_in_the_worked_period()
    return made


def charge_of(valley: Valley, name: str) -> Charge:
    return Charge.objects.get(member=valley.members[name])


def test_the_worked_period_is_derived_to_the_last_cent(valley: Valley) -> None:
    valley.close()
    ben = derivation_of(charge_of(valley, "ben"), None)
    (own,) = ben.lines
    assert own.state is not None and own.settled is not None and own.used is not None
    assert own.state.book.issued - own.settled.matched == own.line.quantity == 252_727
    assert (own.cost_again, own.agrees, own.used.total) == (12_636, True, 170_000)
    assert ben.equity == []
    chloe = derivation_of(charge_of(valley, "chloe"), None)
    (bought,) = chloe.lines
    assert (bought.cost_again, bought.profit_again, bought.beyond) == (6000, 3600, 120_000)
    (equity,) = chloe.equity
    assert (equity.profit, equity.arisen, equity.left, equity.otherwise) == (3600, 3600, 0, 0)
    (became,) = equity.became
    title = Title.objects.get(member=valley.members["chloe"])
    assert (became.share.title, became.share.units, became.cents) == (title, 36, 3600)


def test_before_it_is_paid_nothing_is_credit(valley: Valley) -> None:
    valley.run("settle", "match", "charge")
    (equity,) = derivation_of(charge_of(valley, "chloe"), None).equity
    assert (equity.profit, equity.lot, equity.became) == (3600, None, ())


def test_the_page_leads_on_and_is_shown_to_whom_it_concerns(valley: Valley) -> None:
    valley.close()
    charge = charge_of(valley, "chloe")
    url = f"/statement/{charge.pk}/derivation/"
    chloe = login(valley.members["chloe"])
    assert url in chloe.get(f"/statement/{charge.pk}/").content.decode()
    assert url in chloe.get("/statement/").content.decode()
    page = chloe.get(url).content.decode()
    title = Title.objects.get(member=valley.members["chloe"])
    for link in ("/tokens/?period=2026-06", "/usage/?period=2026-06", f"/titles/{title.number}/"):
        assert f'href="{link}"' in page
        assert chloe.get(link).status_code == 200
    assert "€60.00 at cost + €36.00 above it" in page
    assert login(valley.members["ben"]).get(url).status_code == 404
    assert Client().get(url).status_code == 302
    ana = login(valley.members["ana"])
    user = valley.members["ana"].__class__.objects.get(pk=valley.members["ana"].pk).user
    assert user is not None
    grant_role(user=user, name="auditor", actor=None, source="founding")
    seen = ana.get(url).content.decode()
    assert "€60.00 at cost" in seen and "/usage/?period" not in seen
    assert f'href="/verify/{title.number}/"' in seen


def test_programs_read_the_same(valley: Valley) -> None:
    valley.close()
    charge = charge_of(valley, "chloe")
    url = f"/api/v1/charges/{charge.pk}/derivation"
    found = login(valley.members["chloe"]).get(url).json()
    (line,) = found["lines"]
    assert (line["cost_again"], line["profit_again"], line["agrees"]) == (6000, 3600, True)
    assert line["rates"]["settled_cost"] == 50_000_000
    assert line["used"]["last"][0]["amount"] == 120_000
    assert found["equity"][0]["became"][0]["units"] == 36
    assert login(valley.members["ben"]).get(url).status_code == 404


def test_what_was_counted_late_is_derived_from_the_closed_book() -> None:
    valley, july = closed_june()
    rows = [valley.use("ana", 60_000, "late"), valley.use("chloe", -20_000, "fix", reason="meter")]
    record_late(rows=rows, actor=None)
    close_july(july)
    ana = Charge.objects.get(member=valley.members["ana"], about="period:2026-07")
    found = {part.line.kind: part for part in derivation_of(ana, None).lines}
    late = found["adjustment"]
    assert late.used is not None and late.row is not None and late.late is not None
    assert (late.used.total, late.line.quantity, late.row.period) == (60_000, 10_000, valley.period)
    assert (late.cost_again, late.profit_again, late.agrees) == (500, 300, True)
    assert found["own"].used is not None and found["own"].used.total == 0
    chloe = Charge.objects.get(member=valley.members["chloe"], about="period:2026-07")
    back = {part.line.kind: part for part in derivation_of(chloe, None).lines}["adjustment"]
    assert (back.line.quantity, back.cost_again, back.line.cost) == (-20_000, -1000, -1000)
    client = login(valley.members["chloe"])
    page = client.get(f"/statement/{chloe.pk}/derivation/").content.decode()
    assert "counted late, for 2026-06" in page and "taken off my equity credit" in page


def test_a_member_can_follow_a_charge_to_the_signed_reading() -> None:
    valley = make_metered_valley()
    valley.assign(valley.ben)
    post(valley.machine.batches(0, 3 * 10**9, 39 * 10**9))
    services.rate_waiting()
    end = valley.period.end
    for step in STEPS[:4]:
        run_step(period_id=valley.period.pk, step=step, actor=None, at=end)
    charge = Charge.objects.get(member=valley.ben)
    derived = derivation_of(charge, valley.ben.user)
    used = derived.lines[0].used
    assert used is not None and used.readings == 2
    assert used.total == 42_000
    client = Client()
    assert valley.ben.user is not None
    client.force_login(valley.ben.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/statement/{charge.pk}/derivation/").content.decode()
    for _usage, reading in used.last:
        assert reading is not None
        assert f'href="/usage/evidence/{reading.pk}/"' in page
        assert client.get(f"/usage/evidence/{reading.pk}/").status_code == 200
