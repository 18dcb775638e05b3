"""What the page of a vote shows, put together from its rows; nothing here decides anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.counting import ChamberResult, Check, Roll, Sums, Threshold, margin
from governance.models import Proposal
from governance.queries import Turnout, chambers_of, turnout
from governance.terms import OWNERS, USERS, Terms, terms_of
from members.models import Member

CHAMBERS = {USERS: gettext_lazy("Users"), OWNERS: gettext_lazy("Owners")}
RULES = {
    "R1": gettext_lazy("not enough of those who voted for or against were in favour"),
    "R2": gettext_lazy("too few took part"),
    "R3": gettext_lazy("too few of all who may vote were in favour"),
    "R10": gettext_lazy("each chamber agreed by itself"),
}
UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class ChamberView:
    """One chamber after the count: numbers, the rule in words, what would have turned it."""

    name: str
    result: ChamberResult
    margin: int | None

    @property
    def support(self) -> Check:
        """R1 here."""
        return self.result.checks[0]

    @property
    def approval(self) -> Check | None:
        """R3 here, where it was asked for."""
        return next((c for c in self.result.checks if c.rule == "R3"), None)

    @property
    def votes(self) -> list[tuple[str, int]]:
        """What was answered, and how often."""
        sums = self.result.sums
        return [
            (_("For"), sums.yes),
            (_("Against"), sums.no),
            (_("Abstain"), sums.abstain),
            (_("Did not vote"), self.result.not_voting),
        ]


@dataclass(frozen=True)
class Stage:
    """One line of the way a proposal takes: done, now or next."""

    title: str
    at: datetime | None
    state: str


def chamber_name(name: str) -> str:
    """A chamber as people call it."""
    return str(CHAMBERS.get(name, name))


def chamber_views(proposal: Proposal) -> list[ChamberView]:
    """The chambers as certified: the same numbers that were signed."""
    rules = terms_of(proposal).rules
    results = map(certified_chamber, proposal.certificate.result["chambers"])
    return [ChamberView(r.roll.chamber, r, margin(r, rules)) for r in results]


def certified_chamber(document: dict[str, Any]) -> ChamberResult:
    """A chamber of a certificate, read back."""
    return ChamberResult(
        Roll(document["chamber"], document["heads"], document["weight"]),
        Sums(document["for"], document["against"], document["abstain"], document["ballots"]),
        tuple(Check(**check) for check in document["checks"]),
    )


def decided_by(proposal: Proposal) -> str:
    """The rule that decided, in words, with its name."""
    decided = proposal.certificate.result["decided_by"]
    words = {
        "rule": decided["rule"],
        "why": RULES.get(decided["rule"], ""),
        "chamber": chamber_name(decided["chamber"]),
    }
    if decided["chamber"]:
        return _("%(chamber)s: %(why)s (rule %(rule)s)") % words
    if proposal.certificate.passed and decided["rule"] == "R1":
        return _("enough were in favour (rule %(rule)s)") % words
    return _("%(why)s (rule %(rule)s)") % words


def threshold_text(threshold: Threshold) -> str:
    """A threshold in words: "more than half", "at least 1/5"."""
    if threshold.as_list() == [1, 2, True]:
        return _("more than half")
    words = {"num": threshold.num, "den": threshold.den}
    if threshold.strict:
        return _("more than %(num)s/%(den)s") % words
    return _("at least %(num)s/%(den)s") % words


def duration_text(seconds: int) -> str:
    """Seconds in the largest unit that divides them: "7 days", "90 minutes"."""
    if seconds == 0:
        return _("none")
    size, unit = next((s, u) for s, u in UNITS if (seconds % s == 0 and seconds >= s) or s == 1)
    return unit_text(unit, seconds // size)


def unit_text(unit: str, number: int) -> str:
    """A number of days, hours, minutes or seconds in words."""
    words = {
        "day": ngettext("%(n)s day", "%(n)s days", number),
        "hour": ngettext("%(n)s hour", "%(n)s hours", number),
        "minute": ngettext("%(n)s minute", "%(n)s minutes", number),
        "second": ngettext("%(n)s second", "%(n)s seconds", number),
    }
    return words[unit] % {"n": number}


def time_left(until: datetime | None, now: datetime) -> str:
    """How long something is still open, in its largest unit, rounded down."""
    seconds = 0 if until is None else int((until - now).total_seconds())
    if seconds <= 0:
        return _("closing now")
    size = next(s for s, _unit in UNITS if seconds >= s)
    return _("closes in %(time)s") % {"time": duration_text(seconds // size * size)}


def stages(proposal: Proposal) -> list[Stage]:
    """The way of a proposal: what is done, what is now, what comes, with its dates."""
    state, words_only = proposal.state, proposal.action == "resolution"
    lines = [
        (_("Drafted"), proposal.created_at, ("draft", "withdrawn")),
        (_("Announced to all members"), proposal.notice_at, ("notice",)),
        (_("Ballot opens"), proposal.opens_at, ("open",)),
        (_("Ballot closes and is counted"), proposal.closes_at, ("failed", "passed")),
    ]
    if not words_only and state not in ("failed", "withdrawn"):
        lines.append((_("Can be carried out"), proposal.executes_from, ("timelocked",)))
        lines.append((_("Carried out"), execution_time(proposal), ("executed", "refused")))
    places = [n for n, (_t, _at, states) in enumerate(lines) if state in states]
    here = places[0] if places else len(lines)
    finished = here == len(lines) - 1 and state not in ("draft", "notice", "open")
    return [
        Stage(title, at, "done" if n < here or finished else "now" if n == here else "next")
        for n, (title, at, _states) in enumerate(lines)
    ]


def execution_time(proposal: Proposal) -> datetime | None:
    """When a proposal was carried out, if it was."""
    execution = getattr(proposal, "execution", None)
    return None if execution is None else execution.at


def planned_terms(proposal: Proposal) -> Terms | None:
    """The terms of an announced proposal; None for a draft."""
    return None if proposal.terms is None else terms_of(proposal)


def running_turnout(proposal: Proposal) -> list[Turnout]:
    """Who has voted so far, per chamber; nothing before the opening."""
    return turnout(proposal) if proposal.state == Proposal.State.OPEN else []


def why_on_roll(proposal: Proposal, member: Member | None) -> list[str]:
    """One sentence for each chamber in which a member may vote."""
    reasons = {
        USERS: _("as a user, because you were an active member at notice and at opening"),
        OWNERS: _("as an owner, because you held shares when the ballot opened"),
    }
    return [reasons[name] for name in chambers_of(proposal, member)]


def needed_sentences(terms: Terms) -> Iterable[str]:
    """What a motion must reach in each chamber, in words."""
    yield _("%(threshold)s of the votes for and against must be in favour") % {
        "threshold": threshold_text(terms.support)
    }
    yield _("%(threshold)s of all who may vote must be in favour") % {
        "threshold": threshold_text(terms.approval)
    }
