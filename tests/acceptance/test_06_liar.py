"""Acceptance 6: a liar inflates what it sent by a tenth."""

from datetime import timedelta

from coop.invariants import all_broken
from metering.models import Dispute, LinkHour, Node
from metering.services import compare_links
from tests.metering.link_world import HOUR, MB, make_linked
from tests.metering.world import Valley
from tokens.models import Usage


def test_06_a_liar_is_found_within_three_hours_and_the_receivers_number_counts(
    valley: Valley,
) -> None:
    """200 MB an hour arrive; the sender says 200 once, then 220.

    Compared as the hours go by. From the beginning of the lie it takes less than three hours
    until the mismatch stands, what counts is what the receiver saw, and a dispute is open with
    what both of them signed.
    """
    linked = make_linked(valley)
    lie_begins = linked.start + HOUR
    told_at = None
    for n, sent in enumerate((200, 220, 220, 220, 220)):
        linked.hours((sent * MB, 200 * MB, 10 * MB, 10 * MB))
        moment = linked.start + (n + 1) * HOUR + timedelta(minutes=15)
        compare_links(now=moment)
        if told_at is None and Dispute.objects.exists():
            told_at = moment
    assert told_at is not None and told_at - lie_begins < 3 * HOUR
    linked.compare()
    found = LinkHour.objects.filter(way="ab").order_by("hour")
    assert [row.outcome for row in found] == ["agree"] + ["missing"] * 4
    assert set(LinkHour.objects.filter(way="ba").values_list("outcome", flat=True)) == {"agree"}
    assert sum(Usage.objects.values_list("amount", flat=True)) == 5 * 200
    dispute = Dispute.objects.get()
    assert (dispute.member, dispute.link) == (valley.ana, linked.pair)
    signers = {row.envelope.node for row in dispute.evidence.select_related("envelope__node")}
    assert signers == {linked.a.row, linked.b.row}
    assert {row.dispute for row in found[1:]} == {dispute}
    states = Node.objects.filter(pk__in=[linked.a.row.pk, linked.b.row.pk])
    assert set(states.values_list("state", flat=True)) == {"suspect"}
    assert all_broken() == []
