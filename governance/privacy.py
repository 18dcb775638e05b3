"""What votes keep of a person, in short, and how they forget them.

What was announced, cast, counted and signed for stays, under pseudonyms or a member number; what
somebody wrote beside it in their own words is emptied.
"""

from typing import Any

from django.db import connection
from django.db.models import Model, Q
from django.db.models.functions import Now

from governance.models import (
    Backing,
    Ballot,
    Candidate,
    ConsentObjection,
    Delegation,
    Delivery,
    Emergency,
    Halt,
    Mention,
    Moderation,
    Objection,
    Panelist,
    Petition,
    PetitionSignature,
    Post,
    Proposal,
    Sanction,
    SanctionAppeal,
    Term,
)
from members.models import Member, User

FORGET_MAILS = """
UPDATE payments_mail m SET subject = '–', body = '', claimed_at = coalesce(claimed_at, now())
FROM governance_post p
WHERE p.member_id = %s AND m.key LIKE 'vote:post:' || p.id || ':%%'"""


def data_on(member: Member) -> dict[str, Any]:
    """What a member proposed, said, was told and did in votes, and what was done about them."""
    return {
        "proposed": list(Proposal.objects.filter(proposer=member).values("id", "title", "state")),
        "voted": _rows(Ballot, "proposal_id", "proposal__title", "choices", "reason",
                       member=member),
        **_said_by(member),
        **_handed_over_by(member),
        **_offices_of(member),
        **_done_to(member),
    }  # fmt: skip


def _said_by(member: Member) -> dict[str, Any]:
    return {
        "posts": _rows(Post, "proposal_id", "parent_id", "version", "text", "at", member=member),
        "named in posts": _rows(Mention, "post_id", "post__proposal_id", "seen_at", member=member),
        "notices": _rows(
            Delivery, "proposal_id", "version", "at", "mailed_at", "seen_at", member=member
        ),
        "drafts backed": _rows(
            Backing, "proposal_id", "saving", "at", "withdrawn_at", member=member
        ),
        "objections": _rows(Objection, "proposal_id", "reason", "at", "withdrawn_at",
                            member=member),
        "objections to a consent": _rows(
            ConsentObjection, "proposal_id", "reason", "change", "at", "withdrawn_at",
            member=member,
        ),
    }  # fmt: skip


def _handed_over_by(member: Member) -> dict[str, Any]:
    """Proxies and delegations: those given in full, of those held who gave them by number."""
    names = ("kind", "scope", "area", "proposal_id", "made_at", "until", "revoked_at")
    return {
        "votes given into other hands": _rows(
            Delegation, *names, "holder__number", "directed", giver=member
        ),
        "votes of others in their hands": _rows(
            Delegation, *names, "giver__number", holder=member
        ),
    }  # fmt: skip


def _offices_of(member: Member) -> dict[str, Any]:
    user = member.user
    return {
        "stood for election": _rows(
            Candidate, "proposal_id", "statement", "at", "accepted_at", "withdrawn_at",
            member=member,
        ),
        "terms of office": _rows(Term, "office", "starts_at", "ends_at", "source", "ended_at",
                                 member=member),
        "petitions opened": _rows(Petition, "office", "text", "at", "proposal_id",
                                  opened_by=member),
        "petitions signed": _rows(PetitionSignature, "petition_id", "at", "withdrawn_at",
                                  member=member),
        "posts hidden or shown": _rows(Moderation, "post_id", "act", "reason", "at", by=user),
        "certifications halted": _rows(Halt, "proposal_id", "reason", "at", "until",
                                       auditor=user),
        "panels": _rows(Panelist, "appeal_id", "vote", "reason", "voted_at", member=member),
    }  # fmt: skip


def _done_to(member: Member) -> dict[str, Any]:
    return {
        "sanctions": _rows(Sanction, "step", "reason", "source", "at", "until", "ended_at",
                           "ended_why", member=member),
        "appeals": _rows(SanctionAppeal, "text", "at", "result", "decided_at",
                         sanction__member=member),
        "petitions for their recall": _rows(Petition, "office", "text", "at", "proposal_id",
                                            member=member),
        "emergencies at their nodes": _rows(
            Emergency, "reason", "state", "at", "in_force_from", "until", "answer",
            node__owner=member,
        ),
    }  # fmt: skip


def _rows(model: type[Model], *names: str, **of: Any) -> list[dict[str, Any]]:
    """Rows of a person, in the order they came; none where there is nobody to ask for."""
    if None in of.values():
        return []
    return list(model._default_manager.filter(**of).order_by("pk").values(*names))


def forget(*, member: Member, actor: User | None) -> None:
    """What they wrote in their own words is emptied; what was announced and counted stays.

    A ballot's envelope carries the hash of its reason and a pseudonym, nothing of the person.
    A post stays in its thread without its text, as does its trace; mails that told of it lose
    theirs. Votes in other hands come back, those held end. Call inside a transaction.
    """
    Ballot.objects.filter(member=member).exclude(reason="").update(reason="")
    Post.objects.filter(member=member).exclude(text="").update(text="")
    Objection.objects.filter(member=member).exclude(reason="").update(reason="")
    written = ConsentObjection.objects.filter(member=member).exclude(reason="", change="")
    written.update(reason="", change="")
    Candidate.objects.filter(member=member).exclude(statement="").update(statement="")
    Panelist.objects.filter(member=member).exclude(reason="").update(reason="")
    SanctionAppeal.objects.filter(sanction__member=member).exclude(text="").update(text="")
    Sanction.objects.filter(member=member).exclude(reason="").update(reason="")
    Emergency.objects.filter(node__owner=member).exclude(answer="").update(answer="")
    hands = Delegation.objects.filter(Q(giver=member) | Q(holder=member), revoked_at=None)
    hands.update(revoked_at=Now())
    with connection.cursor() as cursor:
        cursor.execute(FORGET_MAILS, [member.pk])
