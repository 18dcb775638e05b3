"""The demo's fleet: nodes in different states, a gap, a link that differs, and no books touched."""

import pytest

from coop.demo import build
from coop.demo.fleet import run_a_fleet
from metering.models import Dispute, Envelope, Gap, LinkPair, Node, Reading
from tokens.models import Usage


@pytest.mark.django_db
def test_the_demo_has_a_fleet_that_its_books_do_not_know_of() -> None:
    build.build()
    states = dict(Node.objects.values_list("label", "state"))
    assert states["school"] == "active"
    assert states["store"] == "quarantined"
    assert states["mill"] in ("suspect", "quarantined")
    assert Envelope.objects.exclude(status="accepted").count() == 0
    assert Gap.objects.filter(why="agent_stopped").exists()
    assert Reading.objects.exclude(state="measured").count() == 0
    assert not Usage.objects.filter(kind="reading").exists()
    assert Dispute.objects.filter(link=LinkPair.objects.get()).count() == 1
    before = Envelope.objects.count()
    run_a_fleet()
    assert Envelope.objects.count() == before
