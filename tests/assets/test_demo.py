"""The demo's register: there at first glance, and the same after a second start."""

import pytest
from django.test import Client

from assets import register
from assets.models import Asset, AssetEvent, UpkeepEntry
from coop.demo import build
from members.models import User
from tests.makers import all_wrong

pytestmark = pytest.mark.django_db


def test_the_demo_shows_a_register_and_builds_it_once() -> None:
    build.build()
    counts = [model.objects.count() for model in (Asset, AssetEvent, UpkeepEntry)]
    build.build()
    assert [model.objects.count() for model in (Asset, AssetEvent, UpkeepEntry)] == counts
    assert [asset.code for asset in register.faulty()] == ["RADIO-1"]
    assert [asset.code for asset in register.waiting()] == ["SHELF-2"]
    steward = Client()
    steward.force_login(User.objects.get(email="ana@example.org"))
    text = steward.get("/stewardship/").content.decode()
    assert "Mill roof radio" in text and "Second disk shelf" in text
    assert all_wrong() == []
