"""Every write of a discussion: saying, hiding, showing again. Each locks the proposal first."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse

from governance.discussion.mentions import with_numbers
from governance.errors import ModerationReason, NotModerator, PostEmpty, PostHidden, WrongState
from governance.models import Mention, Moderation, Post, Proposal
from governance.notices.mail import tell
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from ledger.errors import KeyConflict
from members.models import Member, User
from members.queries import is_steward

LONGEST_POST = 8000
LONGEST_REASON = 400
HIDE, SHOW = Moderation.Act.HIDE, Moderation.Act.SHOW


@transaction.atomic(durable=True)
def say(
    *,
    proposal_id: int,
    member: Member,
    actor: User | None,
    text: str,
    parent_id: int | None = None,
    key: str = "",
) -> Post:
    """What a member says about a proposal, or answers to a post of it; whoever is named is told.

    From the draft on, for as long as it was not withdrawn. The same key gives the same post.
    Raises PostEmpty, PostHidden, WrongState, KeyConflict, Post.DoesNotExist, and what
    `mentions.with_numbers` raises.
    """
    proposal = locked(proposal_id)
    if proposal.state == Proposal.State.WITHDRAWN:
        raise WrongState(state=proposal.get_state_display())
    parent = None if parent_id is None else _answerable(proposal, parent_id)
    text, named = with_numbers(_readable(text))
    key = f"{member.pk}:{key or uuid.uuid4().hex}"[:80]
    earlier = Post.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, proposal, parent, text)
    post = Post.objects.create(
        proposal=proposal,
        parent=parent,
        member=member,
        version=proposal.version,
        text=text,
        key=key,
    )
    _tell(post, [person for person in named if person != member])
    return post


def _answerable(proposal: Proposal, post_id: int) -> Post:
    post = proposal.posts.select_related("member").get(pk=post_id)
    if is_hidden(post):
        raise PostHidden
    return post


def _readable(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST_POST:
        raise PostEmpty(most=LONGEST_POST)
    return text


def _same(earlier: Post, proposal: Proposal, parent: Post | None, text: str) -> Post:
    if (earlier.proposal, earlier.parent, earlier.text) != (proposal, parent, text):
        raise KeyConflict
    return earlier


def _tell(post: Post, named: Sequence[Member]) -> None:
    Mention.objects.bulk_create([Mention(post=post, member=person) for person in named])
    context = {"author": post.member, "proposal": post.proposal}
    path = path_of(post)
    tell(named, kind="mention", context=context, path=path, key=f"post:{post.pk}")
    answered = post.parent.member if post.parent else post.member
    if answered != post.member:
        tell([answered], kind="answer", context=context, path=path, key=f"post:{post.pk}")


def path_of(post: Post) -> str:
    """Where a post stands on the page of its proposal."""
    return reverse("governance:post", args=[post.proposal_id, post.pk])


@transaction.atomic(durable=True)
def hide(*, post_id: int, actor: User, reason: str) -> Moderation:
    """A post hidden, with who did it and why, for everybody to read; hidden twice, hidden once.

    By a steward whom the proposal does not concern (R18), or by who wrote it. Raises
    ModerationReason, NotModerator, ConflictOfInterest.
    """
    post = _locked(post_id)
    if post.member.user_id != actor.pk:
        _require_moderator(actor, post)
    return _moderated(post, HIDE, actor, reason)


@transaction.atomic(durable=True)
def show(*, post_id: int, actor: User, reason: str) -> Moderation | None:
    """A hidden post shown again, by a steward or by who took back their own; None where it is.

    Raises ModerationReason, NotModerator, ConflictOfInterest.
    """
    post = _locked(post_id)
    last = last_act(post)
    if last is None:
        return None
    if not (last.by_id == actor.pk == post.member.user_id):
        _require_moderator(actor, post)
    return _moderated(post, SHOW, actor, reason)


def is_hidden(post: Post) -> bool:
    """Whether the last act on a post hid it."""
    last = last_act(post)
    return last is not None and last.act == HIDE


def last_act(post: Post) -> Moderation | None:
    """What was last done to a post, or None."""
    return post.moderations.order_by("-pk").first()


def _locked(post_id: int) -> Post:
    """The post, with its proposal locked."""
    post = Post.objects.select_related("member").get(pk=post_id)
    post.proposal = locked(post.proposal_id)
    return post


def _require_moderator(actor: User, post: Post) -> None:
    if not is_steward(actor):
        raise NotModerator
    require_unconflicted(actor, post.proposal)


def _moderated(post: Post, act: str, actor: User, reason: str) -> Moderation:
    last, reason = last_act(post), reason.strip()
    if last is not None and last.act == act:
        return last
    if not reason or len(reason) > LONGEST_REASON:
        raise ModerationReason(most=LONGEST_REASON)
    return Moderation.objects.create(post=post, act=act, reason=reason, by=actor)
