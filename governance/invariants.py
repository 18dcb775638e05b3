"""What proves the votes right."""

from collections.abc import Callable, Iterator

from governance import board, verify
from governance.actions import action_named
from governance.delegations.invariants import carried_is_what_a_resolution_gives
from governance.documents import notice_document
from governance.models import Certificate, Execution, Proposal
from governance.offices.invariants import INVARIANTS as OF_OFFICES
from governance.sanctions.invariants import lots_repeat, panels_sit_as_drawn
from governance.sealed.verify import tallies_fit_their_boards
from governance.services.execute import source_of
from ledger.invariants import broken

NOT_IN_THE_LOG = """
SELECT format('vote %s: the log does not cover its certificate as it stands', proposal_id)
FROM governance_certificate c
WHERE NOT EXISTS (SELECT FROM ledger_document d
                  WHERE d.kind = 'certificate' AND d.digest = sha256(c.envelope))
ORDER BY proposal_id"""


def announced() -> Iterator[Proposal]:
    """Every proposal that notice was given of."""
    return Proposal.objects.exclude(notice_at=None).order_by("pk").iterator()


def notices_are_as_given() -> list[str]:
    """Text, action and terms of every announced proposal still give the hash of its notice."""
    return [
        f"vote {proposal.pk}: it is no longer what notice was given of"
        for proposal in announced()
        if board.document_hash(notice_document(proposal)) != proposal.notice_hash
        or board.document_hash(proposal.payload) != proposal.payload_hash
    ]


def boards_are_unbroken() -> list[str]:
    """Every board has all its entries, chained, signed and as their envelopes say."""
    return [line for proposal in announced() for line in verify.wrong_on_board(proposal)]


def rolls_give_their_roots() -> list[str]:
    """Every roll gives the root, heads and weight that were frozen."""
    return [line for proposal in announced() for line in verify.wrong_on_rolls(proposal)]


def certificates_stand_a_recount() -> list[str]:
    """Every certified result is what the signed ballots give."""
    rows = Certificate.objects.select_related("proposal").order_by("pk").iterator()
    return [line for row in rows for line in verify.wrong_in_certificate(row.proposal)]


def certificates_are_covered_by_the_log() -> list[str]:
    """The log of the books holds the digest of each certified result."""
    return broken(NOT_IN_THE_LOG)


def effects_are_there() -> list[str]:
    """What was executed is in the books, and was certified as passed."""
    found = []
    for row in Execution.objects.select_related("proposal__certificate").order_by("pk"):
        proposal = row.proposal
        if not proposal.certificate.passed:
            found.append(f"vote {proposal.pk}: executed without having passed")
        found += action_named(proposal.action).missing(row.effects, source_of(proposal))
    return found


INVARIANTS: list[Callable[[], list[str]]] = [
    notices_are_as_given,
    boards_are_unbroken,
    rolls_give_their_roots,
    certificates_stand_a_recount,
    certificates_are_covered_by_the_log,
    effects_are_there,
    tallies_fit_their_boards,
    *OF_OFFICES,
    carried_is_what_a_resolution_gives,
    lots_repeat,
    panels_sit_as_drawn,
]
