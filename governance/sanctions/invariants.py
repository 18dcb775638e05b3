"""What proves the lots of panels right."""

from governance.models import SanctionAppeal
from governance.sanctions import draw


def lots_repeat() -> list[str]:
    """Every lot gives its order again, from the nonce that its sanction was committed to."""
    rows = SanctionAppeal.objects.select_related("sanction").order_by("pk").iterator()
    return [f"panel {row.pk}: its lot does not repeat" for row in rows if not is_sound(row)]


def is_sound(row: SanctionAppeal) -> bool:
    """Whether a lot repeats, was committed to, and is over this appeal (if still readable)."""
    said = row.draw
    committed = said["commitment"] == row.sanction.commitment
    over = draw.appeal_hash(row.sanction_id, row.text, row.at) == said["appeal_sha256"]
    return draw.is_repeated(said) and committed and (over or not row.text)


def panels_sit_as_drawn() -> list[str]:
    """On every panel sit the first ones of its order, with as many more as declined."""
    found = []
    for row in SanctionAppeal.objects.prefetch_related("panel__member").order_by("pk"):
        seats = [seat.member.number for seat in row.panel.all()]
        if seats != row.draw["order"][: len(seats)]:
            found.append(f"panel {row.pk}: others sit on it than were drawn")
    return found
