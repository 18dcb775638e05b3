"""Pages of links, delivery notes and storage challenges, with something on each of them."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import User
from metering import services
from metering.models import DeliveryNote, Dispute, MeterAssignment
from metering.notes.challenge_file import read_challenges
from tests.browser.test_look import LOOKS, Look, window_of
from tests.metering.link_world import MB, Linked, make_linked
from tests.metering.test_link_pages import answered, asked_of, post, prepared, stored
from tests.metering.world import make_valley

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("COOP_SHOTS", "")


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def furnished() -> Linked:
    """A link that agrees, loses, contradicts itself and has a gap; notes; challenges."""
    linked = make_linked(make_valley(), back=8)
    valley = linked.valley
    for assignment in MeterAssignment.objects.all():
        services.countersign_assignment(actor=None, assignment=assignment, since=linked.start)
    linked.hours(
        (200 * MB, 200 * MB, 40 * MB, 40 * MB),
        (220 * MB, 200 * MB, 40 * MB, 40 * MB),
        (206 * MB, 200 * MB, 40 * MB, 40 * MB),
        (200 * MB, 200 * MB, 40 * MB, 60 * MB),
        (200 * MB, 200 * MB, 40 * MB, 40 * MB),
    )
    linked.hours((300 * MB, 300 * MB, 0, 0), late=("b",))
    linked.compare()
    assignment, blob = stored(valley)
    services.upload_challenges(
        actor=None,
        assignment=assignment,
        prepared=read_challenges(json.dumps(prepared(blob, 5)).encode()),
    )
    now = timezone.now()
    services.sweep_challenges(now=now - timedelta(hours=2))
    post([answered(valley.machine, asked_of(valley.machine)[0], blob)])
    services.sweep_challenges(now=now + timedelta(hours=23))
    services.sweep_notes(now=now + timedelta(days=1, hours=2))
    return linked


def test_pages_of_links_notes_and_challenges_stand_up_to_axe(
    live_server: LiveServer, browser: Browser
) -> None:
    linked = furnished()
    note, dispute = DeliveryNote.objects.earliest("pk"), Dispute.objects.get()
    common = [
        "/nodes/links/",
        f"/nodes/links/{linked.pair.pk}/",
        f"/usage/disputes/{dispute.pk}/",
        f"/nodes/{linked.a.row.uuid}/",
    ]
    paths = {
        linked.valley.ana.user: [
            *common,
            "/usage/",
            "/usage/notes/",
            f"/usage/notes/{note.pk}/",
            f"/usage/notes/{note.pk}/sign/?answer=accept",
            "/usage/challenges/",
        ],
        linked.valley.steward: [
            *common,
            "/nodes/links/new/",
            "/nodes/countersigning/",
            f"/stewardship/disputes/{dispute.pk}/",
            "/stewardship/disputes/",
        ],
    }
    faults = []
    for user, wanted in paths.items():
        page = window_of(browser, live_server, user)
        look = Look(page, live_server.url)
        for path in wanted:
            look.at(path)
            shoot(page, path, user)
        page.context.close()
        faults += look.faults
    assert faults == []


def shoot(page: Page, path: str, user: User | None) -> None:
    """Pictures to look at, where somebody asks for them."""
    if not SHOTS:
        return
    name = f"{user and user.pk}-{path.strip('/').replace('/', '_').split('?')[0]}"
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        target = Path(SHOTS) / f"{name}-{width}.png"
        page.screenshot(path=str(target), full_page=True)
