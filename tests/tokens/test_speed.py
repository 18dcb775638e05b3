"""Issue, rating and close take the same number of statements, however many members there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.tokens import CLOSE
from benchmarks.tokens_cooperative import END, START, found, usage
from ledger.invariants import INVARIANTS as OF_BOOKS
from tests.valley import taken_back
from tokens.invariants import INVARIANTS as OF_TOKENS
from tokens.models import Settlement
from tokens.services import open_period, record_usage, run_step


def statements(members: int) -> dict[str, int]:
    """How many statements each part of a period's life takes; the books are right at its end."""
    counts: dict[str, int] = {}
    with taken_back():
        found(members)
        with CaptureQueriesContext(connection) as issue:
            period = open_period(start=START, end=END, code="2026-06", actor=None, at=START)
        with CaptureQueriesContext(connection) as rate:
            for rows in usage(period, 10_000, 2):
                record_usage(rows=rows, actor=None)
        counts |= {"issue": len(issue), "rate": len(rate)}
        for step in (*CLOSE, "open"):
            with CaptureQueriesContext(connection) as close:
                run_step(period_id=period.pk, step=step, actor=None, at=END)
            counts[step] = len(close)
        assert Settlement.objects.filter(profit__gt=0).count() > members
        assert [sentence for check in (*OF_BOOKS, *OF_TOKENS) for sentence in check()] == []
    return counts


@pytest.mark.django_db
def test_ten_times_the_members_take_no_statement_more() -> None:
    statements(10)  # what is looked up once and then remembered
    assert statements(100) == statements(10)
