"""The contexts of the pages of votes."""

import hashlib
from typing import Any

from django.http import HttpRequest

from governance import clock, queries
from governance.access import may_see_names, may_withdraw, reader_member
from governance.actions import Action, action_named
from governance.answers import KEEP, answer_text, option_name, option_names
from governance.methods.forms import ballot_form
from governance.models import Ballot, Proposal
from governance.needs import needed_sentences
from governance.outcomes import winners_of
from governance.panels import panels_of
from governance.presenting import (
    chamber_name,
    chamber_views,
    decided_by,
    planned_terms,
    running_turnout,
    stages,
    why_on_roll,
)
from governance.standing import Line, line_of, standing
from governance.terms import Terms, terms_for
from governance.ways import may_add_option
from ledger.errors import DomainError
from ledger.log.showing import Shown, document_or_none
from members.queries import is_steward
from policies.registry import PARAMETERS

State = Proposal.State


def decision_context(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    """One proposal as this reader may see it."""
    member = reader_member(request)
    terms = planned_terms(proposal) or draft_terms(proposal)
    certified = hasattr(proposal, "certificate")
    mine = queries.ballot_of(proposal, member)
    views = chamber_views(proposal) if certified else []
    return {
        "proposal": proposal,
        "action": action_named(proposal.action),
        "action_template": f"governance/actions/{proposal.action}.html",
        "effect": proposal.preview or dry_run(proposal),
        "terms": terms,
        "needed": needed_sentences(proposal, terms),
        "stages": stages(proposal),
        "turnout": running_turnout(proposal),
        "why": why_on_roll(proposal, member),
        "mine": mine,
        "my_answers": answers_of(mine) if mine else [],
        "form": ballot_form(proposal, answer=first_answer(mine)),
        "chambers": views,
        "by_lot": any(view.details.by_lot for view in views),
        "decided_by": decided_by(proposal) if certified else "",
        "winners": winners_of(proposal) if certified else [],
        "effects": carried_out(proposal),
        "options": options_of(proposal),
        "proof": place_in_the_log(proposal) if certified else None,
        "ballots": named_ballots(request, proposal),
        "steward": is_steward(request.user),
        "due": due_step(proposal),
        "may_withdraw": may_withdraw(request, proposal),
        "may_add_option": may_add_option(request.user, proposal),
        "panels": panels_of(request, proposal, member),
    }


def place_in_the_log(proposal: Proposal) -> Shown | None:
    """Where the log of the books has the certificate; None for one from before the log."""
    return document_or_none(hashlib.sha256(bytes(proposal.certificate.envelope)).digest())


def carried_out(proposal: Proposal) -> list[tuple[dict[str, Any], Line | None]]:
    """What a vote wrote; a rule of policy with when it holds."""
    execution = getattr(proposal, "execution", None)
    effects = [] if execution is None else execution.effects
    return [
        (effect, line_of(effect["id"]) if effect["kind"] == "policy" else None)
        for effect in effects
    ]


def draft_terms(proposal: Proposal) -> Terms:
    """The terms that a draft would be announced with now."""
    return terms_for(proposal, clock.now())


def dry_run(proposal: Proposal) -> dict[str, Any] | None:
    """What a draft would change now; None where it can no longer be done."""
    return rehearsed(action_named(proposal.action), proposal.payload)


def rehearsed(action: Action, payload: dict[str, Any]) -> dict[str, Any] | None:
    """What a payload would change now; None where it can no longer be done."""
    try:
        action.check(payload)
        return action.dry_run(payload)
    except DomainError:
        return None


def options_of(proposal: Proposal) -> list[tuple[str, dict[str, Any] | None]]:
    """(name, what choosing it does) of each option; of the standing one and of people None."""
    action = action_named(proposal.action)
    shown = []
    for option in proposal.options:
        effect = option.get("preview")
        if effect is None and "payload" in option and proposal.state == State.DRAFT:
            effect = rehearsed(action, option["payload"])
        elif effect is None and action.schema and option["id"] != KEEP and "member" not in option:
            effect = proposal.preview or rehearsed(action, proposal.payload)
        shown.append((option_name(option), effect))
    return shown


def named_ballots(
    request: HttpRequest, proposal: Proposal
) -> list[tuple[Ballot, list[tuple[str, str]]]]:
    """Who voted how and why, for those who may know; of sealed ballots only who."""
    if not may_see_names(request, proposal):
        return []
    names = option_names(proposal)
    rows = queries.ballots_that_count(proposal)
    return [(ballot, spoken(ballot.choices, names)) for ballot in rows]


def answers_of(ballot: Ballot) -> list[tuple[str, str]]:
    """(chamber, answer in words) of one ballot; nothing for a sealed one."""
    return spoken(ballot.choices, option_names(ballot.proposal))


def spoken(choices: dict[str, Any], names: dict[str, str]) -> list[tuple[str, str]]:
    """Answers in words, under the names of their chambers; the same answer in all of them once."""
    texts = {chamber_name(c): answer_text(answer, names) for c, answer in choices.items()}
    if len(texts) > 1 and len(set(texts.values())) == 1:
        return [(", ".join(texts), next(iter(texts.values())))]
    return list(texts.items())


def first_answer(ballot: Ballot | None) -> Any:
    """What a ballot answers in its first chamber, to begin the next one with; or None."""
    return next(iter(ballot.choices.values()), None) if ballot else None


def due_step(proposal: Proposal) -> str:
    """The step whose time has come: "open", "close", "execute", or ""."""
    dates = {
        State.NOTICE: ("open", proposal.opens_at),
        State.OPEN: ("close", proposal.closes_at),
        State.TIMELOCKED: ("execute", proposal.executes_from),
    }
    step, at = dates.get(State(proposal.state), ("", None))
    return step if at is not None and at <= clock.now() else ""


def rules_context() -> dict[str, Any]:
    """Every parameter with its default and the values set since, newest first."""
    lines = standing()
    return {
        "parameters": [
            {"parameter": parameter, "lines": lines[key]} for key, parameter in PARAMETERS.items()
        ],
    }
