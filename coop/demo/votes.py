"""The demo's decisions: one that is about to be carried out, one to rank, one to stand in."""

from collections.abc import Mapping
from typing import Any

from governance.discussion.services import say
from governance.models import Proposal
from governance.offices.candidates import stand
from governance.services import cast, open_ballot, propose, publish
from members.models import Member

Kind = Proposal.Kind
PLACES = ("The school, then the mill", "The mill, then the school", "Both at once, with a loan")
RANKED: dict[str, list[list[str]]] = {
    "ben": [["a"], ["c"], ["keep"]],
    "dario": [["b"], ["a"], ["keep"]],
}
PRICE = {"pool": "storage", "resource": "storage", "price": 4_200_000}


def put_to_the_vote(people: Mapping[str, Member]) -> None:
    """What members find on the page of decisions on their first day."""
    if Proposal.objects.exists():
        return
    _a_price(people)
    _an_order(people)
    _an_election(people)


def _a_price(people: Mapping[str, Member]) -> None:
    """Announced, open and voted on: the clockwork counts it and carries it out."""
    price = _draft(
        people["ana"],
        title="A price for storage beyond what one owns",
        text="The disks are four fifths full. Who needs more than they own pays for new ones.",
        action="set_posted_price",
        payload=PRICE,
    )
    _opened(price, people["ana"])
    for name in ("ana", "ben", "chloe", "dario"):
        person = people[name]
        choice = "against" if name == "chloe" else "for"
        cast(proposal_id=price.pk, member=person, actor=person.user, choice=choice,
             key=f"demo:{name}")  # fmt: skip


def _an_order(people: Mapping[str, Member]) -> None:
    """Open for days: members rank, delegate, discuss."""
    order = _draft(
        people["chloe"],
        title="Which house gets fibre next?",
        text="There is money for one trench before winter. The other follows in spring.",
        action="resolution",
        payload={},
        kind=Kind.RANKED,
        options=[{"name": name} for name in PLACES],
    )
    _opened(order, people["ana"])
    for name, ranks in RANKED.items():
        person = people[name]
        cast(proposal_id=order.pk, member=person, actor=person.user, answer=ranks,
             key=f"demo:{name}")  # fmt: skip
    first = say(
        proposal_id=order.pk, member=people["ben"], actor=people["ben"].user, key="demo:first",
        text="The school pays its part in October, the mill has not said when.",
    )  # fmt: skip
    say(
        proposal_id=order.pk, member=people["chloe"], actor=people["chloe"].user,
        parent_id=first.pk, key="demo:second",
        text="The mill asked for a date. I will bring their answer here.",
    )  # fmt: skip


def _an_election(people: Mapping[str, Member]) -> None:
    """A draft in which members may stand."""
    election = _draft(
        people["ben"],
        title="A second steward",
        text="Ana has kept the register alone for a year. Two can look after each other.",
        action="elect_stewards",
        payload={},
        kind=Kind.IRV,
    )
    for name, words in (
        ("ben", "I keep the mast’s log already."),
        ("chloe", "I have time on Fridays, and patience."),
    ):
        person = people[name]
        stand(proposal_id=election.pk, member=person, actor=person.user, statement=words)


def _draft(proposer: Member, **said: Any) -> Proposal:
    return propose(member=proposer, actor=proposer.user, key=f"demo:{said['title']}", **said)


def _opened(proposal: Proposal, steward: Member) -> None:
    publish(proposal_id=proposal.pk, actor=steward.user)
    open_ballot(proposal_id=proposal.pk, actor=steward.user)
