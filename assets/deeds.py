"""What a steward does with one asset: each deed has a form, its words, and the service behind."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assets import services
from assets.forms import (
    CustodyForm,
    EndForm,
    FactsForm,
    FaultForm,
    MoveForm,
    RepairForm,
    ServeForm,
    TakeForm,
    UpkeepForm,
    UploadForm,
)
from assets.mandate import require_word
from assets.models import Asset, AssetFile
from members.models import User

ORDERED, SERVES, FAULTY = Asset.State.ORDERED, Asset.State.IN_SERVICE, Asset.State.FAULTY
THERE = (ORDERED, SERVES, FAULTY)
EVER = tuple(Asset.State)
Words = Promise | str


@dataclass(frozen=True)
class Deed:
    """One thing to do: from which states, in which words, by which form and service."""

    form: Callable[..., forms.Form]
    title: Words
    about: Words
    verb: Words
    done: Words
    run: Callable[[Asset, dict[str, Any], User], object]
    states: tuple[str, ...] = THERE
    starts: Callable[[Asset], dict[str, Any]] = lambda _asset: {}
    danger: bool = False

    def form_for(self, asset: Asset, *sent: Any) -> forms.Form:
        """The form, filled with what was sent or with what is known."""
        more = {"asset": asset} if self.form is UpkeepForm else {}
        initial = {"key": uuid.uuid4(), **self.starts(asset)}
        return self.form(*sent, initial=initial, **more)


def decimal_of(cents: int) -> str:
    """Cents as they are typed."""
    return f"{cents // 100}.{cents % 100:02d}"


def facts_of(asset: Asset) -> dict[str, Any]:
    """What the form of facts starts with."""
    plain = {name: getattr(asset, name) for name in FactsForm.base_fields}
    return plain | {"cost": decimal_of(asset.cost), "salvage": decimal_of(asset.salvage)}


def key_of(data: dict[str, Any]) -> str:
    """The key of one filled-in form."""
    return f"form:{data['key'].hex}"


def mend(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Correct the facts."""
    return services.correct_facts(asset_id=asset.pk, actor=actor, **data)


def take(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Take it into its pool."""
    return services.take_into_pool(
        asset_id=asset.pk, paid_from=data["paid_from"], actor=actor, key=key_of(data)
    )


def serve(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Put it in service."""
    return services.put_in_service(
        asset_id=asset.pk,
        on=data["on"],
        reason=data["reason"],
        capacity=data["capacity"],
        actor=actor,
        key=key_of(data),
    )


def fail(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Report a fault."""
    return services.report_faulty(
        asset_id=asset.pk,
        on=data["on"],
        reason=data["reason"],
        lost=data["capacity"],
        actor=actor,
        key=key_of(data),
    )


def repair(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Report the repair."""
    return services.report_repaired(
        asset_id=asset.pk, on=data["on"], reason=data["reason"], actor=actor, key=key_of(data)
    )


def move(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Move it."""
    return services.move_asset(asset_id=asset.pk, actor=actor, **data)


def keep(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Ask a member to keep it."""
    return services.offer_custody(
        asset_id=asset.pk, member_id=data["member"].pk, note=data["note"], actor=actor
    )


def log(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Write down work on it."""
    corrected = data["corrects"]
    return services.log_upkeep(
        asset_id=asset.pk,
        actor=actor,
        key=key_of(data),
        corrects_id=corrected.pk if corrected else None,
        on=data["on"],
        what=data["what"],
        who=data["who"],
        minutes=data["minutes"] or 0,
        cost=data["cost"] or 0,
        bill=data["bill"],
    )


def attach(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """Add a file."""
    return services.add_file(
        asset_id=asset.pk,
        kind=AssetFile.Kind(data["kind"]),
        data=data["file"].read(),
        title=data["title"],
        public=data["public"],
        actor=actor,
    )


def end(asset: Asset, data: dict[str, Any], actor: User) -> object:
    """End it."""
    require_word(asset, data["to"])
    return services.end_asset(
        asset_id=asset.pk,
        to=Asset.State(data["to"]),
        on=data["on"],
        reason=data["reason"],
        proceeds=data.get("proceeds") or 0,
        actor=actor,
        key=key_of(data),
    )


DEEDS: Mapping[str, Deed] = {
    "facts": Deed(
        FactsForm,
        _("Correct the facts"),
        _("What the thing is. The cost stays once it is in its pool: shares rest on it."),
        _("Save"),
        _("The facts are corrected."),
        mend,
        states=EVER,
        starts=facts_of,
    ),
    "take": Deed(
        TakeForm,
        _("Take it into its pool"),
        _(
            "It becomes ours in the books and brings new shares: its cost divided by the price of "
            "a share. This cannot be taken back."
        ),
        _("Take it into the pool"),
        _("It is in its pool and has brought its shares."),
        take,
        states=(ORDERED,),
    ),
    "serve": Deed(
        ServeForm,
        _("Put it in service"),
        _("From that day on the pool can honour what it brings."),
        _("Put it in service"),
        _("It is in service."),
        serve,
        states=(ORDERED,),
    ),
    "fault": Deed(
        FaultForm,
        _("Report a fault"),
        _("What is missing lowers the capacity until it is repaired; the cost of a token stays."),
        _("Report the fault"),
        _("It stands as faulty."),
        fail,
        states=(SERVES,),
    ),
    "repair": Deed(
        RepairForm,
        _("Report the repair"),
        _("From that day on it brings again what was missing."),
        _("Report the repair"),
        _("It serves again."),
        repair,
        states=(FAULTY,),
    ),
    "move": Deed(
        MoveForm,
        _("Move it"),
        _("Where it stood before stays in its history."),
        _("Move it"),
        _("It has moved."),
        move,
        starts=lambda asset: {"place": asset.place, "location": asset.location},
    ),
    "keep": Deed(
        CustodyForm,
        _("Ask a member to keep it"),
        _("Keeping is not owning: it stays the cooperative’s. It counts once the member accepts."),
        _("Ask the member"),
        _("The member is asked; it counts once they accept."),
        keep,
    ),
    "upkeep": Deed(
        UpkeepForm,
        _("Log upkeep"),
        _("Work, labour and what it cost. An entry stays; a wrong one is replaced by another."),
        _("Log it"),
        _("The work is logged."),
        log,
        states=EVER,
    ),
    "attach": Deed(
        UploadForm,
        _("Add a photo or paper"),
        _("Pictures are drawn anew, so where and with what they were taken is not kept."),
        _("Add the file"),
        _("The file is added."),
        attach,
        states=EVER,
    ),
    "end": Deed(
        EndForm,
        _("End it"),
        _(
            "It brings nothing more from that day on, and what it was still worth leaves the "
            "books. Its shares stay. This cannot be taken back."
        ),
        _("End it"),
        _("It has left the register of what we have."),
        end,
        danger=True,
    ),
}


def open_to(asset: Asset) -> dict[str, Deed]:
    """What can be done with an asset as it stands."""
    found = {name: deed for name, deed in DEEDS.items() if asset.state in deed.states}
    unfit = {"take"} if asset.txn_id is not None or not asset.cost else {"serve"}
    return {name: deed for name, deed in found.items() if name not in unfit}
