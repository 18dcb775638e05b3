"""What was said about a proposal, as this reader may see it.

Members and those who look after the cooperative read everything that is not hidden. The public
reads that something was said, and the trace of what was hidden: when, by which office and why.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from governance.models import Moderation, Post, Proposal
from members.access import may_read
from members.models import Member
from members.queries import is_auditor, is_steward, member_of


@dataclass(frozen=True)
class Reader:
    """Who reads: `member` reads what is shown, `oversees` also what is hidden."""

    member: Member | None
    oversees: bool
    moderates: bool

    @property
    def reads(self) -> bool:
        """Whether they read texts and names at all."""
        return self.member is not None or self.oversees


@dataclass(frozen=True)
class Said:
    """One post in its place: its number, how deep it stands, what became of it."""

    post: Post
    number: int
    depth: int
    answers: int
    trace: tuple[Moderation, ...]
    reader: Reader

    @property
    def hidden(self) -> bool:
        """Whether it is hidden now."""
        return bool(self.trace) and self.trace[-1].act == Moderation.Act.HIDE

    @property
    def mine(self) -> bool:
        """Whether the reader wrote it."""
        return self.reader.member is not None and self.post.member_id == self.reader.member.pk

    @property
    def erased(self) -> bool:
        """Whether its text went with the person who wrote it."""
        return not self.post.text

    @property
    def text(self) -> str | None:
        """Its text, or None for who may not read it."""
        allowed = self.reader.reads if not self.hidden else self.reader.oversees or self.mine
        return self.post.text if allowed else None

    @property
    def may_hide(self) -> bool:
        """Whether the reader may hide it."""
        return not self.hidden and (self.reader.moderates or self.mine)

    @property
    def may_show(self) -> bool:
        """Whether the reader may show it again."""
        return self.hidden and (self.reader.moderates or (self.mine and self._by_reader))

    @property
    def _by_reader(self) -> bool:
        member = self.reader.member
        return member is not None and self.trace[-1].by_id == member.user_id

    @property
    def by_author(self) -> bool:
        """Whether who wrote it took it back."""
        return self.hidden and self.trace[-1].by_id == self.post.member.user_id

    @property
    def names(self) -> dict[int, str]:
        """The members whom it names, by number."""
        return {m.member.number or 0: m.member.name for m in self.post.mentions.all()}


def reader_of(request: HttpRequest | Request) -> Reader:
    """Who asks, for a discussion."""
    member = member_of(request.user)
    reads = member if may_read(member) else None
    return Reader(reads, is_auditor(request.user), is_steward(request.user))


def discussion_of(proposal: Proposal, reader: Reader) -> list[list[Said]]:
    """The threads of a discussion, oldest first, each as its posts in reading order."""
    posts = list(_posts_of(proposal))
    numbers = {post.pk: number for number, post in enumerate(posts, start=1)}
    answers: dict[int | None, list[Post]] = defaultdict(list)
    for post in posts:
        answers[post.parent_id].append(post)

    def told(post: Post, depth: int) -> Said:
        trace = tuple(post.moderations.all())
        return Said(post, numbers[post.pk], depth, len(answers[post.pk]), trace, reader)

    return [[told(*place) for place in _walk(first, answers)] for first in answers[None]]


def _walk(first: Post, answers: dict[int | None, list[Post]]) -> Iterator[tuple[Post, int]]:
    """Each post after the one it answers, before the next answer to the same, with its depth."""
    waiting = [(first, 0)]
    while waiting:
        post, depth = waiting.pop()
        yield post, depth
        waiting += [(answer, depth + 1) for answer in reversed(answers[post.pk])]


def _posts_of(proposal: Proposal) -> QuerySet[Post]:
    rows = proposal.posts.select_related("member", "parent__member").order_by("pk")
    return rows.prefetch_related("moderations__by__member", "mentions__member")


def said_in(threads: list[list[Said]], post_id: int) -> Said | None:
    """One post of a discussion, or None."""
    return next((said for thread in threads for said in thread if said.post.pk == post_id), None)


def people_in(threads: list[list[Said]], proposal: Proposal) -> list[Member]:
    """Who takes part: who proposed it and who wrote something readable, by number."""
    writers = {s.post.member for thread in threads for s in thread if s.text}
    return sorted(writers | {proposal.proposer}, key=lambda member: member.number or 0)
