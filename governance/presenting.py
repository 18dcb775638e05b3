"""What the page of a vote shows, put together from its rows; nothing here decides anything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.answers import option_names
from governance.counting import ChamberResult, Check, Roll, Sums, Threshold, margin
from governance.models import Proposal
from governance.outcomes import Details, check_texts, details_of, result_of, turnout_text
from governance.queries import Turnout, chambers_of, turnout
from governance.terms import OWNERS, USERS, Terms, terms_of
from members.models import Member

IN_WORDS = (Proposal.Kind.MOTION, Proposal.Kind.CONSENT)
CHAMBERS = {USERS: gettext_lazy("Users"), OWNERS: gettext_lazy("Owners")}
RULES = {
    "R1": gettext_lazy("not enough of those who voted for or against were in favour"),
    "R2": gettext_lazy("too few took part"),
    "R3": gettext_lazy("too few of all who may vote were in favour"),
    "R4": gettext_lazy("nothing beat keeping things as they are"),
    "R5": gettext_lazy("nobody chose anybody"),
    "R10": gettext_lazy("the chambers chose differently"),
    "R21": gettext_lazy("nobody consented"),
}
"""why a vote was lost"""
WON = {
    "R1": gettext_lazy("enough were in favour"),
    "R3": gettext_lazy("it had the most, and enough of all who may vote were in favour"),
    "R4": gettext_lazy("it beat keeping things as they are, and every other option"),
    "R5": gettext_lazy("counted by the rules of the election"),
    "R10": gettext_lazy("each chamber agreed by itself"),
    "R11": gettext_lazy("users by themselves protect a right to use"),
    "R21": gettext_lazy("no objection was left open"),
}
"""why a vote was won"""
UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class ChamberView:
    """One chamber after the count: numbers, the rule in words, what would have turned it."""

    name: str
    result: ChamberResult
    margin: int | None
    in_words: bool
    consent: bool
    checks: list[tuple[str, bool]]
    turnout: str
    details: Details

    @property
    def support(self) -> Check:
        """R1 here; for a consent without objections what it asks instead."""
        return self.result.checks[0]

    @property
    def approval(self) -> Check | None:
        """R3 here, where it was asked for."""
        return next((c for c in self.result.checks if c.rule == "R3"), None)

    @property
    def others(self) -> list[str]:
        """The sentences of what was asked beside R1 and R3."""
        known = zip(self.result.checks, self.checks, strict=True)
        return [text for check, (text, _met) in known if check.rule not in ("R1", "R3")]

    @property
    def votes(self) -> list[tuple[str, int]]:
        """What was answered, and how often."""
        sums = self.result.sums
        yes, no = (_("Consent"), _("Objection")) if self.consent else (_("For"), _("Against"))
        return [
            (yes, sums.yes),
            (no, sums.no),
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
    chambers = proposal.certificate.result["chambers"]
    return [chamber_view(proposal, certified_chamber(chamber)) for chamber in chambers]


def chamber_view(proposal: Proposal, result: ChamberResult) -> ChamberView:
    """One chamber in words."""
    return ChamberView(
        name=result.roll.chamber,
        result=result,
        margin=margin_of(proposal, result),
        in_words=proposal.kind in IN_WORDS,
        consent=proposal.kind == Proposal.Kind.CONSENT,
        checks=check_texts(result, option_names(proposal)),
        turnout=turnout_text(result),
        details=details_of(proposal, result.roll.chamber),
    )


def margin_of(proposal: Proposal, result: ChamberResult) -> int | None:
    """How many votes cast otherwise would have turned a chamber; None where none could."""
    detail = result_of(proposal).get(result.roll.chamber) or {}
    if "margin" in detail:
        return None if detail["margin"] is None else int(detail["margin"])
    return margin(result, terms_of(proposal).rules) if proposal.kind in IN_WORDS else None


def certified_chamber(document: dict[str, Any]) -> ChamberResult:
    """A chamber of a certificate, read back; who chose anything stands where others say for."""
    yes = document.get("for", document.get("chose", 0))
    sums = Sums(yes, document.get("against", 0), document["abstain"], document["ballots"])
    return ChamberResult(
        Roll(document["chamber"], document["heads"], document["weight"]),
        sums,
        tuple(Check(**check) for check in document["checks"]),
    )


def decided_by(proposal: Proposal) -> str:
    """The rule that decided, in words, with its name."""
    decided = proposal.certificate.result["decided_by"]
    known = WON if proposal.certificate.passed else RULES
    words = {
        "rule": decided["rule"],
        "why": known.get(decided["rule"], ""),
        "chamber": chamber_name(decided["chamber"]),
    }
    if decided["chamber"]:
        return _("%(chamber)s: %(why)s (rule %(rule)s)") % words
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
    lines = lines_of_the_way(proposal)
    places = [n for n, (_t, _at, states) in enumerate(lines) if proposal.state in states]
    here = places[0] if places else len(lines)
    before_the_count = proposal.state in ("draft", "notice", "open", "counting")
    finished = here == len(lines) - 1 and not before_the_count
    return [
        Stage(title, at, "done" if n < here or finished else "now" if n == here else "next")
        for n, (title, at, _states) in enumerate(lines)
    ]


def lines_of_the_way(proposal: Proposal) -> list[tuple[str, datetime | None, tuple[str, ...]]]:
    """(what happens, when, in which states it is what happens now)."""
    state = proposal.state
    lines = [
        (_("Drafted"), proposal.created_at, ("draft", "withdrawn")),
        (_("Announced to all members"), proposal.notice_at, ("notice",)),
        (_("Ballot opens"), proposal.opens_at, ("open",)),
        (_("Ballot closes and is counted"), proposal.closes_at, ("failed", "passed", "counting")),
    ]
    if proposal.action == "resolution" or state in ("failed", "withdrawn"):
        return lines
    if state in ("held", "vetoed"):
        lines.append((_("Users decide whether it is carried out"), None, ("held", "vetoed")))
        return lines
    lines.append((_("Can be carried out"), proposal.executes_from, ("timelocked",)))
    lines.append((_("Carried out"), execution_time(proposal), ("executed", "refused", "expired")))
    return lines


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
