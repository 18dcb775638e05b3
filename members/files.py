"""A member's file: all that the register holds of them, and what stewards record there."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members import queries, services
from members.access import member_or_404, register_reader_required, steward_required, the_user
from members.asking import Ask, ask
from members.errors import UnknownMember, UnknownUser
from members.forms import (
    ContactForm,
    EndRoleForm,
    LinkForm,
    ParticularsForm,
    RepresentativeForm,
    RoleForm,
    StateForm,
    TextForm,
)
from members.mandates import (
    mandate,
    proposing,
    require_mandate,
    require_undoable,
    takes_a_vote,
)
from members.models import Appeal, LinkedMembers, Member, MemberEvent, Representative, Role, User

Said = dict[str, Any]


@require_GET
@register_reader_required
def file(request: HttpRequest, member_id: int) -> HttpResponse:
    """Everything on one member: what happened, names, reach, offices, links."""
    row = member_or_404(member_id)
    context = queries.file_of(row) | {"alike": queries.alike(row)}
    context["acts"] = queries.is_steward(request.user)
    return render(request, "members/file.html", context)


def page(
    row: Member, heading: str, lede: str, verb: str, *, danger: bool = False, **more: Any
) -> Ask:
    """A form's page that leads back to the member's file."""
    back = reverse("members:file", args=[row.pk])
    return Ask(heading, lede, verb, back, row.name, danger, **more)


@require_http_methods(["GET", "POST"])
@steward_required
def state(request: HttpRequest, member_id: int) -> HttpResponse:
    """Record what happened to a membership: suspension, death, a correction …"""
    row = member_or_404(member_id)
    today = {"effective_on": timezone.localdate()}
    form = StateForm(request.POST or None, state=row.state, initial=today)
    mark(form, row)
    lede = _("Every change stands in the member's history for ever, with your name and the reason.")
    vote = proposing("suspend_member", number=row.number)
    if row.state in (Member.State.SUSPENDED, Member.State.EXPELLED):
        vote = proposing("lift_suspension", number=row.number)
    words = page(row, _("Record a change"), lede, _("Record it"), danger=True, vote=vote)
    return ask(request, words, form, partial(_change, the_user(request), row))


def mark(form: StateForm, row: Member) -> None:
    """Say beside each change that the rules leave to a vote that it takes one."""
    field: Any = form.fields["change"]
    field.choices = [
        (value, _("%(change)s (takes a vote)") % {"change": label})
        if takes_a_vote(row, *value.split(":"))
        else (value, label)
        for value, label in field.choices
    ]


def _change(actor: User, row: Member, said: Said) -> str:
    to, reason = said.pop("change").split(":")
    done = record_change(actor, row, to=to, reason=reason, **said)
    words = {"name": done.name, "state": done.get_state_display()}
    return _("%(name)s is now: %(state)s.") % words


def record_change(actor: User, row: Member, *, to: str, **said: Any) -> Member:
    """What a steward records of a member; suspension and expulsion have rules of their own.

    Raises DecidedByVote for what the rules leave to the members, and for taking back a vote.
    """
    if (to, said["reason"]) == (Member.State.ACTIVE, MemberEvent.Reason.ADMISSION):
        return services.admit(member_id=row.pk, actor=actor, effective_on=said.get("effective_on"))
    if to == Member.State.ACTIVE:
        require_undoable(row, said["reason"])
    if to == Member.State.SUSPENDED and takes_a_vote(row, to, said["reason"]):
        require_mandate("suspension_by_vote")
    if to == Member.State.SUSPENDED:
        return services.suspend(member_id=row.pk, actor=actor, **said)
    if to == Member.State.EXPELLED:
        return services.expel(member_id=row.pk, actor=actor, **said)
    return services.change_state(member_id=row.pk, to=to, actor=actor, **said)


@require_http_methods(["GET", "POST"])
@steward_required
def particulars(request: HttpRequest, member_id: int) -> HttpResponse:
    """Another name or address, from a day on."""
    row = member_or_404(member_id)
    said = queries.particulars_of(row)
    known = {"name": row.name, "address": row.address, "valid_from": timezone.localdate()}
    known["born_on"] = said.born_on if said else None
    form = ParticularsForm(request.POST or None, initial=known)
    lede = _("As the register shall have them. What was there before stays for the days before.")
    words = page(row, _("Name and address"), lede, _("Record it"))
    return ask(request, words, form, partial(_particulars, the_user(request), row))


def _particulars(actor: User, row: Member, said: Said) -> str:
    services.change_particulars(member_id=row.pk, actor=actor, source="steward", **said)
    return _("Name and address are recorded.")


@require_http_methods(["GET", "POST"])
@steward_required
def contact(request: HttpRequest, member_id: int) -> HttpResponse:
    """How to reach a member, as they told a steward."""
    row = member_or_404(member_id)
    form = ContactForm(request.POST or None, initial=queries.contact_values(row))
    lede = _("Only to reach the member. It is forgotten some time after they leave.")
    words = page(row, _("Contact data"), lede, _("Record it"))
    return ask(request, words, form, partial(record_contact, the_user(request), row))


def record_contact(actor: User, row: Member, said: Said) -> str:
    """Record contact data; says so."""
    services.change_contact(member_id=row.pk, actor=actor, **said)
    return _("The contact data are recorded.")


@require_http_methods(["GET", "POST"])
@steward_required
def role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Grant an office to a member's user."""
    row = member_or_404(member_id)
    lede = _("The office begins now. It ends on its last day, or when a steward ends it.")
    words = page(
        row, _("Grant an office"), lede, _("Grant it"), mandate=mandate("offices_by_vote"),
        vote=proposing("grant_office", number=row.number),
    )  # fmt: skip
    form = RoleForm(request.POST or None)
    return ask(request, words, form, partial(_grant, the_user(request), row))


def _grant(actor: User, row: Member, said: Said) -> str:
    if row.user is None:
        raise UnknownUser
    last = said["until"]
    until = last and timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    granted = services.grant_role(
        user=row.user, name=said["name"], actor=actor, source=said["source"], until=until
    )
    return _("%(name)s holds the office: %(office)s.") % {
        "name": row.name,
        "office": granted.get_name_display(),
    }


@require_http_methods(["GET", "POST"])
@steward_required
def end_role(request: HttpRequest, member_id: int, role_id: int) -> HttpResponse:
    """End an office before its term."""
    row = member_or_404(member_id)
    held = get_object_or_404(Role, pk=role_id, user=row.user)
    lede = _("The office of %(office)s ends at once.") % {"office": held.get_name_display()}
    words = page(
        row, _("End an office"), lede, _("End it"), danger=True,
        mandate=mandate("offices_by_vote"),
        vote=proposing("end_office", number=row.number, office=held.name),
    )  # fmt: skip
    form = EndRoleForm(request.POST or None)
    return ask(request, words, form, partial(_end, the_user(request), held))


def _end(actor: User, held: Role, said: Said) -> str:
    services.end_role(user=held.user, name=held.name, actor=actor, source=said["source"])
    return _("The office has ended.")


@require_http_methods(["GET", "POST"])
@steward_required
def link(request: HttpRequest, member_id: int) -> HttpResponse:
    """Record that two members count as one for caps."""
    row = member_or_404(member_id)
    lede = _("Both stay on the register as they are. Together they may hold what one may hold.")
    words = page(row, _("Count two members as one"), lede, _("Link them"))
    form = LinkForm(request.POST or None)
    return ask(request, words, form, partial(_link, the_user(request), row))


def _link(actor: User, row: Member, said: Said) -> str:
    other = numbered(said["number"])
    services.link_members(member_id=row.pk, other_id=other.pk, reason=said["reason"], actor=actor)
    return _("%(one)s and %(other)s count as one.") % {"one": row.name, "other": other.name}


def numbered(number: int) -> Member:
    """The member of this number; raises UnknownMember."""
    found = Member.objects.filter(number=number).first()
    if found is None:
        raise UnknownMember(number=number)
    return found


@require_POST
@steward_required
def unlink(request: HttpRequest, member_id: int, link_id: int) -> HttpResponse:
    """The two count as two again."""
    link = get_object_or_404(LinkedMembers, pk=link_id)
    done = _("They count as two again.")
    act = partial(services.unlink_members, link_id=link.pk, actor=the_user(request))
    return at_once(request, member_id, act, done)


@require_http_methods(["GET", "POST"])
@steward_required
def representative(request: HttpRequest, member_id: int) -> HttpResponse:
    """Let a user act for an organisation."""
    row = member_or_404(member_id)
    lede = _("Whoever acts for it sees and does all that it may, unless they are a member too.")
    words = page(row, _("Who acts for it"), lede, _("Let them act"))
    form = RepresentativeForm(request.POST or None)
    return ask(request, words, form, partial(_appoint, the_user(request), row))


def _appoint(actor: User, row: Member, said: Said) -> str:
    user = User.objects.filter(email__iexact=said["email"]).first()
    if user is None:
        raise UnknownUser
    services.appoint_representative(member_id=row.pk, user=user, source=said["source"], actor=actor)
    return _("%(user)s acts for %(name)s.") % {"user": user, "name": row.name}


@require_POST
@steward_required
def end_representation(
    request: HttpRequest, member_id: int, representative_id: int
) -> HttpResponse:
    """A user acts for an organisation no longer."""
    row = get_object_or_404(Representative, pk=representative_id, member_id=member_id)
    done = _("%(user)s acts for it no longer.") % {"user": row.user}
    act = partial(services.end_representation, representative_id=row.pk, actor=the_user(request))
    return at_once(request, member_id, act, done)


def at_once(request: HttpRequest, member_id: int, act: Any, done: str) -> HttpResponse:
    """Carry out what needs no form; what was done or refused stands on the member's file."""
    try:
        act()
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("members:file", args=[member_id]), status=303)


@require_http_methods(["GET", "POST"])
@steward_required
def appeal(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Answer an appeal in words; whatever follows from it is recorded by itself."""
    row = get_object_or_404(Appeal.objects.select_related("event__member"), pk=appeal_id)
    lede = _("“%(text)s” The member reads your answer.") % {"text": row.text}
    words = page(row.event.member, _("Answer an appeal"), lede, _("Send the answer"))
    form = TextForm(request.POST or None)
    return ask(request, words, form, partial(_answer, the_user(request), row))


def _answer(actor: User, row: Appeal, said: Said) -> str:
    services.answer_appeal(appeal_id=row.pk, answer=said["text"], actor=actor)
    return _("The appeal has its answer.")
