"""Which changes of state there are, and for which reasons: the law of a membership's life.

The database knows the same pairs (`members_may_change`, migration 0003); a test compares them.
"""

from members.models import Member, MemberEvent

State, Reason = Member.State, MemberEvent.Reason

MEMBERS = (State.ACTIVE, State.SUSPENDED, State.LEAVING)
"""Who is a member: counted, listed, bound by the bylaws."""
ENDED = (State.LEFT, State.EXPELLED, State.DECEASED)
"""Who was a member."""
MAY_APPLY = (State.REFUSED, State.LEFT, State.EXPELLED)
"""Who may apply again."""

_END = frozenset({Reason.RESIGNATION, Reason.TRANSFER, Reason.DISSOLUTION})
_OUT = frozenset({Reason.EXPULSION, Reason.DEFAULT})
_DEATH = frozenset({Reason.DEATH})
_AGAIN = frozenset({Reason.APPLICATION})
_WRONG = frozenset({Reason.CORRECTION})

TRANSITIONS: dict[tuple[str, str], frozenset[MemberEvent.Reason]] = {
    ("", State.APPLICANT): frozenset({Reason.APPLICATION}),
    ("", State.ACTIVE): frozenset({Reason.TAKEOVER}),
    (State.APPLICANT, State.ACTIVE): frozenset({Reason.ADMISSION}),
    (State.APPLICANT, State.REFUSED): frozenset({Reason.REFUSAL, Reason.WITHDRAWAL, Reason.DEATH}),
    (State.REFUSED, State.APPLICANT): _AGAIN,
    (State.LEFT, State.APPLICANT): _AGAIN,
    (State.EXPELLED, State.APPLICANT): _AGAIN,
    (State.ACTIVE, State.SUSPENDED): frozenset({Reason.SUSPENSION, Reason.DEFAULT}),
    (State.SUSPENDED, State.ACTIVE): frozenset({Reason.REINSTATEMENT, Reason.APPEAL}),
    (State.ACTIVE, State.LEAVING): _END,
    (State.SUSPENDED, State.LEAVING): _END,
    (State.LEAVING, State.ACTIVE): frozenset({Reason.WITHDRAWAL}),
    (State.ACTIVE, State.LEFT): _END,
    (State.SUSPENDED, State.LEFT): _END,
    (State.LEAVING, State.LEFT): _END,
    (State.ACTIVE, State.EXPELLED): _OUT,
    (State.SUSPENDED, State.EXPELLED): _OUT,
    (State.LEAVING, State.EXPELLED): _OUT,
    (State.ACTIVE, State.DECEASED): _DEATH,
    (State.SUSPENDED, State.DECEASED): _DEATH,
    (State.LEAVING, State.DECEASED): _DEATH,
    (State.EXPELLED, State.ACTIVE): frozenset({Reason.APPEAL, Reason.CORRECTION}),
    (State.LEFT, State.ACTIVE): _WRONG,
    (State.LEFT, State.LEAVING): _WRONG,
    (State.DECEASED, State.ACTIVE): _WRONG,
}


def reasons_for(old: str, new: str) -> frozenset[MemberEvent.Reason]:
    """The reasons for which this change may happen; none where it may not."""
    return TRANSITIONS.get((old, new), frozenset())
