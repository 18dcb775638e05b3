"""The demo cooperative: built once, by the services, with books that hold."""

import json
import zipfile
from io import BytesIO

import pytest
from django.core.management import call_command

from coop.demo.build import build
from coop.invariants import all_broken
from coop.takeaway import archive_of
from ledger.models import Transaction
from members.models import Member
from tokens.models import Period

pytestmark = pytest.mark.django_db


def test_the_demo_holds_every_promise() -> None:
    build()
    assert all_broken() == []
    assert Period.objects.filter(state="closed").count() == 3
    assert Period.objects.filter(state="open").count() == 1


def test_building_it_again_changes_nothing() -> None:
    build()
    before = Transaction.objects.count(), Member.objects.count()
    build()
    assert (Transaction.objects.count(), Member.objects.count()) == before


def test_the_payer_of_profit_grew_into_an_owner() -> None:
    build()
    chloe = Member.objects.get(name="Chloe Ferrer")
    assert {title.origin for title in chloe.titles.all()} == {"conversion"}


def test_the_command_says_how_to_log_in(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo")
    said = capsys.readouterr().out
    assert "ana@example.org" in said
    assert "Ben Fischer, member, reads German" in said


def test_everybody_in_the_demo_can_take_their_data_away() -> None:
    build()
    for member in Member.objects.all():
        with zipfile.ZipFile(BytesIO(archive_of(member))) as archive:
            assert json.loads(archive.read("data/members.json"))
