"""What time brings to be told: notices, results, and once a day what needs somebody's vote.

Each is safe to call at any time and by several at once: mails have keys, each of which goes once.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from governance import clock
from governance.models import Proposal
from governance.notices.mail import PREFIX, tell
from governance.notices.queries import last_certified, voters_missing
from governance.outcomes import winners_of
from governance.queries import open_proposals
from members.models import Member
from payments.models import Mail
from policies.queries import policy

State = Proposal.State
RESULTS_FOR = timedelta(days=2)
"""a result older than this is told to nobody any more: the site was down, or moved in"""
MAILED = """
UPDATE governance_delivery d SET mailed_at = m.sent_at
FROM governance_proposal p, payments_mail m
WHERE p.id = d.proposal_id AND d.mailed_at IS NULL AND p.notice_at > now() - interval '90 days'
  AND m.key = 'vote:notice:' || d.proposal_id || ':' || d.version || ':' || d.member_id
  AND m.sent_at IS NOT NULL AND m.address <> ''"""


def tell_notices() -> int:
    """Mail the newest notice of each vote to all whom it was given to (R15); how many mails."""
    waiting = Proposal.objects.filter(state__in=(State.NOTICE, State.OPEN))
    return sum(_tell_notice(p) for p in waiting.order_by("pk") if not _told(_notice_key(p)))


def tell_results() -> int:
    """Mail what was certified lately to all whom notice was given to; how many mails."""
    fresh = Proposal.objects.filter(decided_at__gt=clock.now() - RESULTS_FOR)
    rows = fresh.filter(certificate__isnull=False).select_related("certificate", "proposer")
    return sum(_tell_result(p) for p in rows.order_by("pk") if not _told(f"result:{p.pk}"))


def tell_digests() -> int:
    """Mail to each voter, at most once a day, which votes need theirs; how many mails.

    A day's digest goes, from the hour of policy on, to whom an opening of the last day or a close
    within the hours of policy concerns; it lists everything that needs their vote.
    """
    at = clock.now()
    local = timezone.localtime(at)
    votes = list(open_proposals().filter(closes_at__gt=at))
    pressing = {vote.pk for vote in votes if _presses(vote, at)}
    if not pressing or local.hour < policy("digest_hour", at):
        return 0
    return _tell_digests({vote.pk: vote for vote in votes}, pressing, f"digest:{local.date()}")


def note_mailed() -> int:
    """Record with each notice when its mail left; how many were recorded."""
    with connection.cursor() as cursor:
        cursor.execute(MAILED)
        return int(cursor.rowcount)


def _notice_key(proposal: Proposal) -> str:
    return f"notice:{proposal.pk}:{proposal.version}"


def _told(key: str) -> bool:
    """Whether anybody was told; all are, in one transaction."""
    return Mail.objects.filter(key__startswith=f"{PREFIX}{key}:").exists()


def _given_to(proposal: Proposal) -> QuerySet[Member]:
    given = proposal.deliveries.filter(version=proposal.version)
    return Member.objects.filter(pk__in=given.values("member")).order_by("pk")


@transaction.atomic
def _tell_notice(proposal: Proposal) -> int:
    last = last_certified(proposal)
    return tell(
        _given_to(proposal),
        kind="notice",
        context={"proposal": proposal, "last": last},
        path=reverse("governance:decision", args=[proposal.pk]),
        key=_notice_key(proposal),
    )


@transaction.atomic
def _tell_result(proposal: Proposal) -> int:
    return tell(
        _given_to(proposal),
        kind="result",
        context={
            "proposal": proposal,
            "certificate": proposal.certificate,
            "winners": ", ".join(winners_of(proposal)),
        },
        path=reverse("governance:decision", args=[proposal.pk]),
        key=f"result:{proposal.pk}",
    )


def _presses(vote: Proposal, at: datetime) -> bool:
    if vote.opens_at is None or vote.closes_at is None:
        return False
    soon = at + timedelta(hours=policy("closing_hours", at))
    return vote.opens_at > at - timedelta(days=1) or vote.closes_at <= soon


@transaction.atomic
def _tell_digests(votes: dict[int, Proposal], pressing: set[int], key: str) -> int:
    """One telling for all whom the same votes wait for."""
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for member_id, wanted in voters_missing(votes, not_told=key).items():
        if pressing & set(wanted):
            alike[tuple(wanted)].append(member_id)
    return sum(
        tell(
            Member.objects.filter(pk__in=members).order_by("pk"),
            kind="digest",
            context={"votes": [votes[pk] for pk in wanted], "count": len(wanted)},
            path=reverse("governance:decisions"),
            key=key,
        )
        for wanted, members in alike.items()
    )
