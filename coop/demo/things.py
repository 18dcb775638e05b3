"""The demo's register of assets: makes, places, custodians, upkeep, a fault, a thing on its way."""

import io
from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone
from PIL import Image, ImageDraw

from assets.models import Asset, AssetFile, Pool
from assets.services import (
    add_file,
    answer_custody,
    correct_facts,
    log_upkeep,
    move_asset,
    offer_custody,
    put_in_service,
    register_asset,
    report_faulty,
)
from members.models import Member

MAKES = {
    "RM-2024-01": ("Steel works", "Lattice 18 m", "Municipal plot 7, north corner", 240),
    "FB-0412": ("Lumen cables", "12 fibres, G.652.D", "Duct from the mill to the school", 300),
    "RB5009-77": ("MikroTik", "RB5009UG+S+", "School, attic, rack 1, unit 4", 72),
    "SRV-19": ("Supermicro", "1019P", "School, cellar, rack 2, unit 10", 60),
    "DS-4x8": ("Supermicro", "JBOD 4 × 8 TB", "School, cellar, rack 2, unit 12", 60),
}
"""serial → manufacturer, model, exact place, useful months"""
KEPT = {"RB5009-77": "eva", "SRV-19": "ben"}
WORK = (
    ("RM-2024-01", 12, "Guy wires tightened", "Ana Ortiz", 0, "", 90),
    ("FB-0412", 25, "Splice at the mill renewed", "Lumen cables", 14_500, "LC-2231", 180),
    ("RB5009-77", 33, "Firmware brought up to date", "Eva Lindqvist", 0, "", 25),
    ("DS-4x8", 41, "One disk replaced under warranty", "Ben Fischer", 0, "", 40),
)
"""serial, days after the beginning, what, who, cents, bill, minutes"""


def furnish(people: Mapping[str, Member], since: date) -> None:
    """Fill the demo's register; a second call changes nothing."""
    things = {asset.serial: asset for asset in Asset.objects.exclude(serial="")}
    if Asset.objects.filter(code="RADIO-1").exists() or not set(MAKES) <= set(things):
        return
    for serial, (maker, model, location, months) in MAKES.items():
        describe(things[serial], since, maker, model, location, months)
    for serial, name in KEPT.items():
        hand_over(things[serial], people[name])
    offer_custody(asset_id=things["DS-4x8"].pk, member_id=people["ben"].pk, actor=None)
    for number, (serial, days, what, who, cost, bill, minutes) in enumerate(WORK):
        log_upkeep(
            asset_id=things[serial].pk,
            actor=None,
            key=f"demo:{number}",
            on=since + timedelta(days=days),
            what=what,
            who=who,
            cost=cost,
            bill=bill,
            minutes=minutes,
        )
    photograph(things["RM-2024-01"])
    fail_a_radio(since)
    order_a_shelf()


def describe(asset: Asset, since: date, maker: str, model: str, location: str, months: int) -> None:
    """Who made it, which model, where exactly it stands, how long it will serve."""
    correct_facts(
        asset_id=asset.pk,
        actor=None,
        name=asset.name,
        kind=asset.kind,
        cost=asset.cost,
        manufacturer=maker,
        model_name=model,
        useful_months=months,
        supplier=maker,
        bill=f"{since:%Y}-{asset.pk:04d}",
        purchased_on=since - timedelta(days=20),
        warranty_until=since.replace(year=since.year + 2),
    )
    move_asset(
        asset_id=asset.pk, on=since, place=asset.place, location=location, reason="", actor=None
    )


def hand_over(asset: Asset, member: Member) -> None:
    """Ask a member to keep it, who accepts."""
    offer = offer_custody(asset_id=asset.pk, member_id=member.pk, actor=None)
    assert member.user is not None
    answer_custody(custody_id=offer.pk, accepts=True, actor=member.user)


def fail_a_radio(since: date) -> None:
    """A radio that was given to the cooperative, and that a storm has broken."""
    radio = register_asset(
        pool=Pool.objects.get(code="backbone"),
        on=since,
        key="demo:radio",
        actor=None,
        code="RADIO-1",
        name="Mill roof radio",
        kind="radio",
        cost=0,
        manufacturer="Ubiquiti",
        model_name="NanoStation 5AC",
        serial="NS5-0077",
        place="Mill lane",
        location="Mill, south gable",
        supplier="Dario Conti",
    )
    put_in_service(asset_id=radio.pk, on=since + timedelta(days=3), actor=None)
    day = min(since + timedelta(days=60), timezone.localdate())
    report_faulty(asset_id=radio.pk, on=day, reason="Water in the plug after the storm", actor=None)


def order_a_shelf() -> None:
    """A second shelf that is on its way: no shares yet."""
    register_asset(
        pool=Pool.objects.get(code="storage"),
        on=timezone.localdate() - timedelta(days=6),
        key="demo:shelf",
        actor=None,
        code="SHELF-2",
        name="Second disk shelf",
        kind="disk shelf",
        cost=42_000,
        salvage=2_000,
        manufacturer="Supermicro",
        model_name="JBOD 4 × 10 TB",
        place="School",
        supplier="Rack and Byte",
        bill="RB-1180",
    )


def photograph(asset: Asset) -> None:
    """A picture of the mast, drawn."""
    add_file(
        asset_id=asset.pk,
        kind=AssetFile.Kind.PHOTO,
        data=drawn_mast(),
        title="The mast from the south (a drawing)",
        public=True,
        actor=None,
    )


def drawn_mast() -> bytes:
    """A mast on a ridge, as PNG."""
    picture = Image.new("RGB", (960, 720), (221, 234, 240))
    pen = ImageDraw.Draw(picture)
    pen.polygon(
        [(0, 560), (300, 430), (560, 470), (960, 380), (960, 720), (0, 720)], (158, 196, 178)
    )
    pen.polygon([(0, 640), (420, 500), (960, 600), (960, 720), (0, 720)], (96, 150, 126))
    for foot in (405, 475):
        pen.line([(foot, 520), (440, 130)], (60, 66, 62), 5)
    for height in range(180, 520, 40):
        half = (height - 130) * 35 // 390
        pen.line([(440 - half, height), (440 + half, height + 20)], (60, 66, 62), 3)
        pen.line([(440 + half, height), (440 - half, height + 20)], (60, 66, 62), 3)
    pen.ellipse([(418, 150), (462, 194)], (240, 240, 236), (60, 66, 62), 4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
