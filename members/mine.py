"""My membership: what the register holds of me, and what I may change myself."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members import queries, services
from members.access import on_register_required, the_one_on_the_register, the_user
from members.asking import Ask, ask
from members.files import numbered, record_contact
from members.forms import AddressForm, ContactForm, NomineeForm, TextForm
from members.models import Member, MemberEvent, User

Said = dict[str, Any]


@require_GET
@on_register_required
def mine(request: HttpRequest) -> HttpResponse:
    """Everything the register holds of me."""
    return standing(request, the_one_on_the_register(request))


def standing(request: HttpRequest, member: Member) -> HttpResponse:
    """A member's own page, in whatever state they are."""
    context = queries.file_of(member)
    context["to_accept"] = queries.bylaws_to_accept(member)
    context["may_appeal"] = queries.may_appeal(member)
    return render(request, "members/standing.html", context)


def page(heading: str, lede: str, verb: str) -> Ask:
    """A form's page that leads back to one's own."""
    return Ask(heading, lede, verb, reverse("members:mine"), _("My membership"))


@require_http_methods(["GET", "POST"])
@on_register_required
def address(request: HttpRequest) -> HttpResponse:
    """I moved."""
    me = the_one_on_the_register(request)
    known = {"address": me.address, "valid_from": timezone.localdate()}
    form = AddressForm(request.POST or None, initial=known)
    lede = _("It stands on the register; stewards, treasurers and auditors read it.")
    words = page(_("My address"), lede, _("Change my address"))
    return ask(request, words, form, partial(_address, the_user(request), me))


def _address(actor: User, me: Member, said: Said) -> str:
    services.change_particulars(member_id=me.pk, name=me.name, actor=actor, **said)
    return _("Your address is recorded.")


@require_http_methods(["GET", "POST"])
@on_register_required
def contact(request: HttpRequest) -> HttpResponse:
    """How I like to be reached."""
    me = the_one_on_the_register(request)
    form = ContactForm(request.POST or None, initial=queries.contact_values(me))
    lede = _("Only to reach you. It is forgotten some time after you leave.")
    words = page(_("How to reach me"), lede, _("Record it"))
    return ask(request, words, form, partial(record_contact, the_user(request), me))


@require_http_methods(["GET", "POST"])
@on_register_required
def nominee(request: HttpRequest) -> HttpResponse:
    """Whom my shares go to on my death."""
    me = the_one_on_the_register(request)
    lede = _(
        "They can ask to have your shares transferred to them, or paid out. You can take this "
        "back at any time. A will may say otherwise."
    )
    words = page(_("Whom my shares go to"), lede, _("Name them"))
    form = NomineeForm(request.POST or None)
    return ask(request, words, form, partial(_nominate, the_user(request), me))


def _nominate(actor: User, me: Member, said: Said) -> str:
    number = said["number"]
    other = numbered(number).pk if number else None
    row = services.name_nominee(
        member_id=me.pk,
        name=said["name"],
        contact=said["contact"],
        nominee_id=other,
        actor=actor,
    )
    return _("On your death your shares go to %(name)s.") % {"name": row.name}


@require_POST
@on_register_required
def nobody(request: HttpRequest) -> HttpResponse:
    """Take back whom I named."""
    me, actor = the_one_on_the_register(request), the_user(request)
    done = _("Nobody is named any more.")
    return at_once(request, partial(services.revoke_nominee, member_id=me.pk, actor=actor), done)


@require_POST
@on_register_required
def accept_bylaws(request: HttpRequest) -> HttpResponse:
    """Accept the bylaws in force."""
    me, actor = the_one_on_the_register(request), the_user(request)
    version = request.POST.get("version", "")
    act = partial(services.consent_to_bylaws, member_id=me.pk, version=version, actor=actor)
    return at_once(request, act, _("You have accepted the bylaws."))


@require_POST
@on_register_required
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take back my application."""
    me, actor = the_one_on_the_register(request), the_user(request)
    reason = MemberEvent.Reason.WITHDRAWAL
    state = Member.State.REFUSED
    act = partial(services.change_state, member_id=me.pk, to=state, reason=reason, actor=actor)
    return at_once(request, act, _("Your application is taken back."))


@require_http_methods(["GET", "POST"])
@on_register_required
def appeal(request: HttpRequest) -> HttpResponse:
    """Answer a decision against me."""
    me = the_one_on_the_register(request)
    lede = _("The stewards read it and answer here. You can write once to each decision.")
    words = page(_("Appeal"), lede, _("Send the appeal"))
    form = TextForm(request.POST or None)
    return ask(request, words, form, partial(_appeal, the_user(request), me))


def _appeal(actor: User, me: Member, said: Said) -> str:
    services.make_appeal(member_id=me.pk, text=said["text"], actor=actor)
    return _("Your appeal is with the stewards.")


def at_once(request: HttpRequest, act: Any, done: str) -> HttpResponse:
    """Carry out what needs no form; what was done or refused stands on one's own page."""
    try:
        act()
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("members:mine"), status=303)
