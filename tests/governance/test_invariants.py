"""A forger who owns the database is found out by the invariants."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from governance import board
from governance.models import Ballot, Proposal
from governance.services import execute
from signing import strict_json
from signing.dsse import Envelope
from signing.keys import verify_document
from tests.governance.votes import as_owner, broken, decide, make_town, open_motion

pytestmark = pytest.mark.django_db(transaction=True)


def forge(sql: str) -> list[str]:
    """Change rows past all triggers; what do the invariants say?"""
    assert broken() == []
    with transaction.atomic():
        as_owner(sql)
    return broken()


def executed() -> Proposal:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for", chloe="against")
    return execute(proposal_id=proposal.pk, actor=None)


FORGERIES = [
    (
        'UPDATE governance_ballot SET choices = \'{"users": "against", "owners": "against"}\''
        " WHERE index = 1",
        "does not say what its envelope says",
    ),
    ("DELETE FROM governance_ballot WHERE index = 2", "is missing"),
    ("DELETE FROM governance_ballot WHERE index = 3", "board is not the certified one"),
    ("UPDATE governance_ballot SET leaf = repeat('0', 64) WHERE index = 1", "does not give its"),
    ("UPDATE governance_ballot SET link = repeat('0', 64) WHERE index = 3", "chain breaks"),
    ("UPDATE governance_ballot SET envelope = '{}' WHERE index = 1", "not sound"),
    ("UPDATE governance_rollrow SET weight = 2", "does not give its root"),
    ("DELETE FROM governance_rollrow WHERE position = 2", "does not give its root"),
    ("UPDATE governance_chamber SET heads = 9", "does not give its root"),
    ("UPDATE governance_certificate SET passed = false", "a recount says passed"),
    ("UPDATE governance_certificate SET result = '{}'", "result was changed"),
    ("UPDATE governance_certificate SET envelope = '{}'", "not sound"),
    ("UPDATE governance_proposal SET text = 'another'", "no longer what notice was given of"),
    (
        "UPDATE governance_proposal SET terms = jsonb_set(terms, '{support}', '[9,10,true]')",
        "a recount says failed",
    ),
    ("UPDATE policies_policyvalue SET value = '1' WHERE source LIKE 'proposal:%'", "as executed"),
    ("DELETE FROM policies_policyvalue WHERE source LIKE 'proposal:%'", "is not as executed"),
]


@pytest.mark.parametrize(("sql", "sentence"), FORGERIES)
def test_each_forgery_is_named(sql: str, sentence: str) -> None:
    executed()
    assert any(sentence in line for line in forge(sql))


def test_a_ballot_swapped_for_another_signed_one_breaks_the_chain() -> None:
    town = make_town()
    first = decide(town, open_motion(town), ana="for", ben="for")
    second = decide(town, open_motion(town), ana="against", ben="against")
    other = second.ballots.get(index=1)
    with transaction.atomic():
        as_owner(
            "UPDATE governance_ballot t SET envelope = o.envelope, choices = o.choices"
            f" FROM governance_ballot o WHERE o.id = {other.pk}"
            f" AND t.proposal_id = {first.pk} AND t.index = 1"
        )
    assert any("does not give its leaf" in line for line in broken())


def test_a_receipt_binds_the_ballot_its_place_and_the_board_before_it() -> None:
    proposal = executed()
    ballot = Ballot.objects.get(proposal=proposal, index=2)
    envelope = Envelope.from_json(bytes(ballot.receipt))
    receipt = strict_json.loads(verify_document(envelope, board.RECEIPT))
    assert receipt["leaf"] == board.leaf_hash(bytes(ballot.envelope))
    before = Ballot.objects.get(proposal=proposal, index=1)
    assert receipt["head"] == board.next_link(before.link, receipt["leaf"])
    assert (receipt["index"], receipt["proposal"]) == (2, proposal.pk)
    assert receipt["notice_sha256"] == proposal.notice_hash


def test_the_recount_command_stands_by_what_is_sound_and_exits_on_what_is_not() -> None:
    proposal = executed()
    out = StringIO()
    call_command("recount", stdout=out)
    assert out.getvalue() == f"vote {proposal.pk}: passed, as certified\n"
    with transaction.atomic():
        as_owner("DELETE FROM governance_ballot WHERE index = 3")
    with pytest.raises(CommandError, match="not the certified one"):
        call_command("recount", str(proposal.pk), stdout=out)
