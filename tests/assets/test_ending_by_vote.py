"""Retiring and selling is the members' to decide; that something is lost, stewards write down."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from assets.models import Asset
from policies.services import set_policy
from tests.assets.things import days_ago, ordered, serving
from tests.makers import make_steward

pytestmark = pytest.mark.django_db


@pytest.fixture
def steward() -> Client:
    client = Client()
    client.force_login(make_steward())
    return client


def end(client: Client, asset: Asset, **how: Any) -> int:
    said = {"key": f"{asset.pk:032x}", "on": days_ago(0), "reason": "The hill is sold.", **how}
    return client.post(f"/assets/{asset.pk}/end/", said).status_code


@pytest.mark.parametrize("to", ["retired", "sold"])
def test_a_steward_is_led_to_a_filled_in_proposal(steward: Client, to: str) -> None:
    asset = serving()
    page = steward.get(f"/assets/{asset.pk}/end/").text
    address = f"/decisions/new/retire_asset/?asset={asset.pk}"
    assert address in page
    assert f'value="{asset.pk}" selected' in steward.get(address).text
    assert end(steward, asset, to=to) == 422
    asset.refresh_from_db()
    assert asset.state == "in_service"


def test_a_loss_and_an_order_called_off_are_recorded(steward: Client) -> None:
    assert end(steward, serving(), to="lost") == 303
    assert end(steward, ordered("Spare"), to="retired") == 303


def test_where_the_rules_leave_it_to_stewards_their_page_names_the_vote(steward: Client) -> None:
    asset = serving()
    with transaction.atomic():
        set_policy(actor=None, key="retirement_by_vote", value=False, source="proposal:12")
    page = steward.get(f"/assets/{asset.pk}/end/").text
    assert 'href="/decisions/12/"' in page
    assert "You decide this for the members" in page
    assert end(steward, asset, to="retired") == 303
