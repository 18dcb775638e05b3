"""Twenty connections approve one payout; and the books of any payouts are right."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from ledger.queries import balance
from payments.errors import ApprovalRefused, PayoutState
from payments.models import Payout, PayoutApproval
from payments.queries import payout_digest
from payments.services import approve_payout, cancel_payout, confirm_payout, return_payout
from tests.at_once import run_at_once
from tests.payments.paying_out import approve, books_wrong, make_treasurer, owe, payee

MOVES = ("approve", "approve too", "execute", "return", "cancel")


def test_twenty_treasurers_approve_at_once(transactional_db: None) -> None:
    payout = owe(payee())
    users = [make_treasurer(f"T{n}") for n in range(20)]
    digest = payout_digest(payout)
    jobs = [
        lambda user=user: approve_payout(payout_id=payout.pk, digest=digest, actor=user).state
        for user in users
    ]
    results = run_at_once(jobs)
    assert sorted(str(r) for r in results if isinstance(r, str)) == ["approved", "requested"]
    refused = [r for r in results if not isinstance(r, str)]
    assert all(isinstance(r, PayoutState | ApprovalRefused) for r in refused)
    assert PayoutApproval.objects.count() == 2
    assert Payout.objects.get().state == Payout.State.APPROVED


def test_one_treasurer_on_twenty_connections_is_one(transactional_db: None) -> None:
    payout, user = owe(payee()), make_treasurer()
    digest = payout_digest(payout)
    job = lambda: approve_payout(payout_id=payout.pk, digest=digest, actor=user).state  # noqa: E731
    assert run_at_once([job] * 20) == ["requested"] * 20
    assert PayoutApproval.objects.count() == 1


class AnyLives(TransactionTestCase):
    """What is payable in the books is the sum of what is not executed, whatever happens."""

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(MOVES)), max_size=14))
    def test_payable_is_what_is_not_executed(self, moves: list[tuple[int, str]]) -> None:
        member = payee()
        users = make_treasurer(), make_treasurer("Tania")
        payouts = [owe(member, amount) for amount in (1, 20, 300)]
        for step, (which, move) in enumerate(moves):
            self.play(payouts[which], move, users, step)
        states = ("executed", "cancelled")
        left = sum(p.amount for p in Payout.objects.exclude(state__in=states))
        assert balance("EUR", "payable", f"member/{member.pk}") == -left
        assert books_wrong() == []

    def play(self, payout: Payout, move: str, users: tuple[object, object], step: int) -> None:
        """One move; one that does not follow is refused and changes nothing."""
        from django.utils import timezone

        payout.refresh_from_db()
        told = {
            "reference": payout.reference, "amount": payout.amount, "key": f"{payout.pk}:{step}",
            "booked_on": timezone.localdate(), "actor": None,
        }  # fmt: skip
        try:
            if move == "execute":
                confirm_payout(**told)  # type: ignore[arg-type]
            elif move == "return":
                return_payout(reason="AC04", **told)  # type: ignore[arg-type]
            elif move == "cancel":
                cancel_payout(payout_id=payout.pk, reason="mistake", actor=None)
            else:
                approve(payout, users[move == "approve too"])  # type: ignore[arg-type]
        except (PayoutState, ApprovalRefused):
            payout.refresh_from_db()
