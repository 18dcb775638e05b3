"""Every certified result is covered by the log of the books."""

import hashlib

import pytest

from governance.models import Certificate
from ledger.log import tree
from tests.governance.votes import decide, make_town, open_motion
from tests.sealing import seal_all


@pytest.mark.django_db(transaction=True)
def test_a_certified_result_has_its_place_in_the_log() -> None:
    town = make_town()
    decide(town, open_motion(town), ana="for", ben="for", chloe="against")
    seal_all()
    envelope = bytes(Certificate.objects.get().envelope)
    leaf = tree.leaf_of_document(hashlib.sha256(envelope).digest())
    assert leaf is not None
    assert tree.covering(leaf.index) == tree.newest()
