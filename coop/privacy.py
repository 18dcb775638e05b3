"""A person's data, put together from every app: given to them, and taken out when it may go.

Each app may have a module `privacy` with `data_on(member)` (a summary in its own words),
`open_matters(member)` (what is still to be settled, as sentences) and `forget(member=, actor=)`.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop import personal
from coop.amounts import day_format, money_text
from ledger.labels import account_kind
from members.identity.errors import KeptByLaw, NothingAsked, StillAMember, StillOpen
from members.models import ErasureRequest, Member, Particulars, User
from members.privacy import ERASED
from members.services.erasure import ENDED, kept_until
from members.services.lifecycle import locked

LETTERS = """
UPDATE payments_mail
SET subject = regexp_replace(subject, %(name)s, %(erased)s, 'g'),
    body = regexp_replace(body, %(name)s, %(erased)s, 'g')
WHERE subject ~ %(name)s OR body ~ %(name)s"""
APPS = ("governance", "metering", "tokens", "bank", "titles", "assets", "payments", "members")
"""In the order in which they forget: what points to others first."""


def data_on(member: Member) -> dict[str, Any]:
    """All that the site holds on a member: app → its summary, if it writes one, and its rows."""
    found = {room: _room(member, room) for room in personal.ROOMS}
    return {**found, "ledger": {"accounts": personal.accounts_of(member)}}


def _room(member: Member, room: str) -> dict[str, Any]:
    summarise = _of_app(room, "data_on")
    summary = {} if summarise is None else {"summary": summarise(member)}
    return summary | {"rows": personal.rows_of(member, room)}


def open_matters(member: Member) -> list[str]:
    """What is still open between a member and the cooperative, as words; empty where nothing is."""
    found = _open_accounts(member)
    for app in APPS:
        matters = _of_app(app, "open_matters")
        found += [] if matters is None else matters(member)
    return found


@transaction.atomic(durable=True)
def erase(*, request_id: int, actor: User | None) -> ErasureRequest:
    """The person pseudonymised in every app at once; carried out before, it stays as it is.

    What the law wants kept stays: number, dates, units, amounts, and everything that is signed or
    sealed. Raises NothingAsked, StillAMember, KeptByLaw, StillOpen.
    """
    member_id = ErasureRequest.objects.values_list("member_id", flat=True).get(pk=request_id)
    member = locked(member_id)
    request = ErasureRequest.objects.select_for_update(no_key=True).get(pk=request_id)
    if request.state == ErasureRequest.State.DONE:
        return request
    if request.state != ErasureRequest.State.WAITING:
        raise NothingAsked
    require_erasable(member)
    _take_out_of_letters(member)
    for app in APPS:
        if (forget := _of_app(app, "forget")) is not None:
            forget(member=member, actor=actor)
    request.state, request.decided_at = ErasureRequest.State.DONE, timezone.now()
    request.decided_by = actor
    request.save(update_fields=["state", "decided_at", "decided_by"])
    return request


def require_erasable(member: Member) -> None:
    """Raises StillAMember, KeptByLaw or StillOpen unless this person may be erased now."""
    if member.state not in ENDED:
        raise StillAMember
    until = kept_until(member)
    if timezone.localdate() < until:
        raise KeptByLaw(day=date_format(until, day_format()))
    if matters := open_matters(member):
        raise StillOpen(matters="; ".join(matters))


def _take_out_of_letters(member: Member) -> None:
    """No copy of a letter to others keeps a name that the member ever stood under."""
    known = Particulars.objects.filter(member=member, forgotten_at=None)
    names = {member.name, *known.values_list("name", flat=True)} - {ERASED, ""}
    with connection.cursor() as cursor:
        for name in sorted(names):
            whole = rf"(?<!\w){re.escape(name)}(?!\w)"
            cursor.execute(LETTERS, {"name": whole, "erased": ERASED})


def _open_accounts(member: Member) -> list[str]:
    """Accounts with something on them: money either way, and shares held."""
    owned = personal.owned_accounts(member).exclude(balance__amount=0)
    rows = owned.select_related("commodity", "balance").order_by("pk")
    found = []
    for row in rows:
        if row.commodity.kind == "money":
            amount = money_text(abs(row.balance.amount))
            found.append(
                _("%(amount)s on the account “%(account)s”")
                % {"amount": amount, "account": account_kind(row.kind)}
            )
        elif row.kind == "holding":
            found.append(_("shares held in %(pool)s") % {"pool": row.commodity.code[5:]})
    return found


def _of_app(app: str, name: str) -> Any:
    """What an app's `privacy` module has under this name, or None."""
    module = f"{apps.get_app_config(app).name}.privacy"
    return getattr(import_module(module), name, None) if find_spec(module) else None
