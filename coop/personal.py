"""Every row that leads to a person, found by the shape of the tables: what an export is made of.

A row is a member's where it points to them or to their login, or where its model has no such
pointer of its own and it points to a row that is theirs. So a new table is in the export from
its first day on; what is left out is named here, with the reason.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Account, Entry
from members.models import Member, User
from signing import strict_json
from signing.errors import SigningError

DEEPEST = 3
LEFT_OUT = {
    "coop.SimulationRun": _(
        "a play with numbers, made in office; it holds nothing of anybody but who asked for it"
    ),
    "governance.Certificate": _("of a whole vote, and public; not of who proposed it"),
    "governance.Chamber": _("of a whole vote, and public; not of who proposed it"),
    "governance.Execution": _("of a whole vote, and public; not of who proposed it"),
    "tokens.RatingRun": _(
        "of all members of a pool at once; the usages it rated are in the export"
    ),
    "metering.Envelope": _("of a machine; it carries the counters of all who use it"),
    "metering.EnvelopeConflict": _("of a machine, not of its owner"),
    "metering.RefusedBatch": _("of a machine, not of its owner"),
    "metering.Receipt": _("of a machine, not of its owner"),
    "metering.Gap": _("of a machine, not of its owner"),
}
"""Models that lead to a person and are not in their export, each with the reason."""
HIDDEN = {("members.User", "password")}
"""Fields that are shown to nobody: of a password only a hash is kept, and it would help a thief."""
ROOMS = (
    "members",
    "payments",
    "assets",
    "titles",
    "bank",
    "tokens",
    "metering",
    "governance",
    "policies",
    "account",
    "admin",
)


def rows_of(member: Member, room: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of an app that are this member's: model → rows, JSON-able, oldest first."""
    found = {}
    for model in apps.get_app_config(room).get_models(include_auto_created=True):
        label = model._meta.label
        if label not in LEFT_OUT and (rows := list(_rows(model, member))):
            found[label] = rows
    return found


def accounts_of(member: Member) -> list[dict[str, Any]]:
    """The member's accounts in the books, with every entry, oldest first."""
    owned = owned_accounts(member).select_related("commodity", "balance").order_by("pk")
    return [
        {
            "account": account.pk,
            "kind": account.kind,
            "owner": account.owner,
            "commodity": account.commodity.code,
            "balance": account.balance.amount,
            "entries": [_entry(entry) for entry in _entries(account)],
        }
        for account in owned
    ]


def owned_accounts(member: Member) -> models.QuerySet[Account]:
    """The accounts in the books that are kept for a member."""
    return Account.objects.filter(owner__regex=rf"(^|/)member/{member.pk}(/|$)")


def paths_to_person(
    model: type[models.Model], deep: int = DEEPEST
) -> dict[str, type[models.Model]]:
    """The lookups that lead from a model to a person: lookup → Member or User.

    Those of its own; without any, those over a model that it points to.
    """
    if model is Member or model is User:
        return {"pk": model}
    own = {
        field.name: field.related_model
        for field in pointers(model)
        if field.related_model in (Member, User)
    }
    # Who merely recorded a row does not own it: it is theirs, and still its parent's.
    if Member in own.values() or deep == 0:
        return own
    return own | dict(_over_parents(model, deep))


def pointers(model: type[models.Model]) -> Iterator[Any]:
    """The fields with which a model points to one row of another."""
    for field in model._meta.concrete_fields:
        if field.remote_field is not None:
            yield field


def _over_parents(model: type[models.Model], deep: int) -> Iterator[tuple[str, type[models.Model]]]:
    for field in pointers(model):
        parent = field.related_model
        if parent in (Member, User, model) or parent._meta.label in LEFT_OUT:
            continue
        for path, person in paths_to_person(parent, deep - 1).items():
            # A parent that somebody merely recorded makes nobody the owner of what hangs on it.
            if person is Member:
                yield f"{field.name}__{path}", person


def _rows(model: type[models.Model], member: Member) -> Iterator[dict[str, Any]]:
    ids = {Member: member.pk, User: member.user_id}
    theirs = [Q(**{path: ids[who]}) for path, who in paths_to_person(model).items() if ids[who]]
    if not theirs:
        return
    wanted = model._default_manager.filter(reduce(or_, theirs)).values("pk")
    for row in model._default_manager.filter(pk__in=wanted).order_by("pk").iterator():
        yield {
            field.attname: plain(getattr(row, field.attname))
            for field in model._meta.concrete_fields
            if (model._meta.label, field.name) not in HIDDEN
        }


def _entries(account: Account) -> Iterable[Entry]:
    found = Entry.objects.filter(account_id=account.pk).select_related("txn")
    return found.order_by("version").iterator()


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "transaction": entry.txn_id,
        "kind": entry.txn.kind,
        "effective_at": plain(entry.txn.effective_at),
        "recorded_at": plain(entry.recorded_at),
        "amount": entry.amount,
        "balance_after": entry.balance_after,
    }


def plain(value: Any) -> Any:
    """A value of a field as JSON has it: moments in ISO 8601, signed documents as they are."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return _document(bytes(value))
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return str(value)


def _document(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw)
    except SigningError:
        return raw.hex()
