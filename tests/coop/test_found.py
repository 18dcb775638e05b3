"""`manage.py found`: a cooperative of one's own, from a file, all of it or nothing."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from assets.models import Asset, CostLine, Pool, Resource
from assets.queries import total_units, treasury_units
from coop.invariants import all_broken
from members.models import Cooperative, Member, User
from members.queries import is_steward
from policies.queries import policy
from titles.models import Title
from tokens.models import Period

pytestmark = pytest.mark.django_db

EXAMPLE = (Path(settings.BASE_DIR) / "docs" / "founding.toml").read_text()


def run(tmp_path: Path, text: str = EXAMPLE) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    call_command("found", str(file))


def test_the_example_founds_a_cooperative_that_works(
    tmp_path: Path, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    marta, pool, period = User.objects.get(), Pool.objects.get(), Period.objects.get()
    assert is_steward(marta)
    assert (Member.objects.get().number, Title.objects.get().units) == (1, 400)
    assert (total_units(pool), treasury_units(pool)) == (1200, 800)
    assert policy("posted_price", period.start, "backbone:bandwidth") == 80_000_000
    assert policy("payment_days", period.start) == 14
    assert period.state == Period.State.OPEN
    assert period.yields.get().normal <= 900_000
    assert all_broken() == []
    email, password = capsys.readouterr().out.split()[-2:]
    assert client.login(email=email, password=password)
    assert client.get("/stewardship/").status_code == 200


def test_a_site_that_has_a_cooperative_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(CommandError, match="serves Hill Network already"):
        run(tmp_path)
    assert (Member.objects.count(), Asset.objects.count(), Title.objects.count()) == (1, 1, 1)


def test_the_first_period_can_wait(tmp_path: Path) -> None:
    run(tmp_path, EXAMPLE.replace("open_period = true ", "open_period = false "))
    assert not Period.objects.exists()
    call_command("found", "--open-period")
    assert Period.objects.get().state == Period.State.OPEN
    with pytest.raises(CommandError, match="already"):
        call_command("found", "--open-period")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('currency = "EUR"', 'currency = "CHF"', "COOP_CURRENCY=EUR"),
        ('timezone = "Europe/Madrid"', 'timezone = "Europe/Rome"', "COOP_TIMEZONE"),
        ('"ES9121000418450200051332"', '"ES9121000418450200051333"', "no IBAN"),
        ('"marta@example.org"', '"marta"', "no e-mail address"),
        ('language = "en"', 'language = "xx"', "steward 1, language"),
        ("[[steward]]", "[[stewards]]", 'did you mean "steward"'),
        ("{ backbone = 400 }", "{ backbon = 400 }", 'did you mean "backbone"'),
        ("{ backbone = 400 }", "{ backbone = 0 }", "steward 1, units, backbone: 0 is too small"),
        ("{ backbone = 400 }", "{ backbone = 1201 }", "steward 1"),
        ("issue_price = 100", "issue_price = 0", "pool 1, issue_price: 0 cannot be"),
        ("holding_cap = [1, 4]", "holding_cap = [5, 4]", "pool 1, holding_cap"),
        ('{ bandwidth = "80" }', "{ bandwidth = 80 }", "not a decimal"),
        ("payment_days = 14", "payment_day = 14", 'did you mean "payment_days"'),
        ("payment_days = 14", 'payment_days = "soon"', "policies, payment_days"),
        ('paid_from = "founders"', 'paid_from = "growth"', "asset 1, paid_from"),
        ("cost = 120000", "cost = 0", "asset 1, cost: 0 is too small"),
        ("weights = { bandwidth = 1 }", "weights = {}", "cost 1, weights"),
        ("weights = { bandwidth = 1 }", "weights = { cpu = 1 }", "cost 1, weights"),
        ('name = "Hill Network"\n', "", "cooperative, name: this key is missing"),
        ("[cooperative]", "[cooperative", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_at_its_line_and_nothing_is_founded(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    assert right in EXAMPLE
    with pytest.raises(CommandError, match=r"mine\.toml, line \d+: ") as refusal:
        run(tmp_path, EXAMPLE.replace(right, wrong, 1))
    assert says in str(refusal.value)
    assert refusal.value.returncode == 2
    for model in (Cooperative, User, Pool, Resource, CostLine, Period):
        assert not model.objects.exists()
