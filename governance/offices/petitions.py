"""Petitions for a recall: a tenth of either roll calls the vote; nobody can hold it up (R18)."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from governance import clock
from governance.errors import NotInOffice, PetitionOver, PetitionRuns, TextMissing
from governance.lifecycle.drafting import announce, draft
from governance.models import Petition, PetitionSignature, Proposal, Term
from governance.offices.queries import (
    OFFICES,
    RECALLED_BY,
    holds,
    open_petitions,
    running_against,
    support_of,
)
from governance.sweeping import swept
from members.models import Member, User
from policies.queries import policy

Because, Office = Proposal.Because, Term.Office


@transaction.atomic(durable=True)
def open_petition(
    *, member: Member, office: str, text: str, opened_by: Member, actor: User | None
) -> Petition:
    """A petition for the recall of somebody in office, signed by who opens it.

    The same text by the same member again gives the same petition. Where one signature is enough
    the vote is called at once. Raises TextMissing, NotInOffice, PetitionRuns.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not text.strip():
        raise TextMissing
    if office not in OFFICES or not holds(member, office):
        raise NotInOffice(name=member.name)
    earlier = running_against(member, office).first()
    if earlier is not None and (earlier.opened_by_id, earlier.text) == (opened_by.pk, text.strip()):
        return earlier
    if earlier is not None:
        raise PetitionRuns(name=member.name)
    at = clock.now()
    petition = Petition.objects.create(
        member=member, office=office, text=text.strip(), opened_by=opened_by,
        until=at + timedelta(days=policy("petition_days", at)),
    )  # fmt: skip
    PetitionSignature.objects.create(petition=petition, member=opened_by, at=at)
    call_if_reached(petition)
    return petition


@transaction.atomic(durable=True)
def sign_petition(*, petition_id: int, member: Member, actor: User | None) -> Petition:
    """The member's signature; the one that reaches the number calls the vote.

    A second time changes nothing. Raises PetitionOver.
    """
    petition = _locked(petition_id)
    row = petition.signatures.filter(member=member).first()
    if row is not None and row.withdrawn_at is None:
        return petition
    require_open(petition)
    if row is None:
        PetitionSignature.objects.create(petition=petition, member=member, at=clock.now())
    else:
        row.at, row.withdrawn_at = clock.now(), None
        row.save(update_fields=["at", "withdrawn_at"])
    call_if_reached(petition)
    return petition


@transaction.atomic(durable=True)
def withdraw_signature(*, petition_id: int, member: Member, actor: User | None) -> Petition:
    """The member's signature taken back, while no vote is called; again changes nothing.

    Raises PetitionOver.
    """
    petition = _locked(petition_id)
    require_open(petition)
    petition.signatures.filter(member=member, withdrawn_at=None).update(withdrawn_at=clock.now())
    return petition


def require_open(petition: Petition) -> None:
    """Raise PetitionOver once its time has passed or it has called its vote."""
    if petition.proposal_id is not None or petition.until <= clock.now():
        raise PetitionOver


def call_if_reached(petition: Petition) -> bool:
    """Give notice of the vote where enough have signed. Call under the petition's lock.

    Nobody's step is needed, and nobody's can stop it. The signatures are counted over the rolls
    of this moment.
    """
    if not support_of(petition).is_reached:
        return False
    with override(settings.LANGUAGE_CODE):
        title = _("Recall of member %(number)s, %(office)s")
        words = {"number": petition.member.number, "office": petition.get_office_display()}
    proposal = draft(
        title=title % words, text=petition.text, action=RECALLED_BY[Office(petition.office)],
        payload={"member": petition.member_id}, member=petition.opened_by, actor=None,
        key=f"petition {petition.pk}", because=Because.RECALL,
    )  # fmt: skip
    petition.proposal = proposal
    petition.save(update_fields=["proposal"])
    announce(proposal, actor=None)
    return True


def sweep_petitions() -> int:
    """Call what is reached because a roll shrank meanwhile; returns how many. Any time is fine."""
    return len(swept(open_petitions().values_list("pk", flat=True), _called))


@transaction.atomic(durable=True)
def _called(petition_id: int) -> bool:
    petition = _locked(petition_id)
    is_open = petition.proposal_id is None and petition.until > timezone.now()
    return is_open and call_if_reached(petition)


def _locked(petition_id: int) -> Petition:
    rows = Petition.objects.select_for_update(of=("self",)).select_related("member", "opened_by")
    return rows.get(pk=petition_id)
