"""Named reads of the register of physical assets: now, and as of any day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from assets.models import (
    Asset,
    AssetCustody,
    AssetEvent,
    AssetFile,
    AssetMove,
    CapacityChange,
    Resource,
    UpkeepEntry,
)
from members.models import Member

OWNED = (Asset.State.ORDERED, Asset.State.IN_SERVICE, Asset.State.FAULTY)
AS_OF = """
SELECT a.id, a.code, a.name, a.kind, p.code, p.name, event.to_state, coalesce(move.place, ''),
    coalesce(move.location, ''), custody.member_id, service."on"
FROM assets_asset a
JOIN assets_pool p ON p.id = a.pool_id
JOIN LATERAL (SELECT to_state FROM assets_assetevent e
    WHERE e.asset_id = a.id AND e."on" <= %(day)s AND e.recorded_at <= %(known)s
    ORDER BY e.id DESC LIMIT 1) event ON true
LEFT JOIN LATERAL (SELECT place, location FROM assets_assetmove m
    WHERE m.asset_id = a.id AND m."on" <= %(day)s AND m.recorded_at <= %(known)s
    ORDER BY m.id DESC LIMIT 1) move ON true
LEFT JOIN LATERAL (SELECT "on" FROM assets_assetevent e
    WHERE e.asset_id = a.id AND e."on" <= %(day)s AND e.recorded_at <= %(known)s
        AND e.to_state = 'in_service'
    ORDER BY e.id LIMIT 1) service ON true
LEFT JOIN LATERAL (SELECT member_id FROM assets_assetcustody c
    WHERE c.asset_id = a.id AND c.since <= %(day)s AND c.answered_at <= %(known)s
        AND (c.ended_at IS NULL OR c.until > %(day)s OR c.ended_at > %(known)s)
    ORDER BY c.id DESC LIMIT 1) custody ON true
ORDER BY a.code"""


@dataclass(frozen=True)
class AsOf:
    """An asset as the register had it on a day; `custodian` is the id of a member."""

    id: int
    code: str
    name: str
    kind: str
    pool: str
    pool_name: str
    state: str
    place: str
    location: str
    custodian: int | None
    in_service: date | None

    def get_state_display(self) -> str:
        """The state in the reader's language."""
        return str(Asset.State(self.state).label)


@dataclass(frozen=True)
class Yield:
    """What an asset brings of a resource per period, in millitokens: now, and undisturbed."""

    resource: Resource
    now: int
    normal: int


@dataclass(frozen=True)
class Happening:
    """One line of an asset's history: the day, what kind of thing, and its row."""

    on: date
    recorded_at: datetime
    kind: str
    row: AssetEvent | AssetMove | AssetCustody | UpkeepEntry | CapacityChange


def register() -> QuerySet[Asset]:
    """Every asset that ever stood on the register, by inventory code, with its pool."""
    return Asset.objects.select_related("pool").order_by("code")


def owned() -> QuerySet[Asset]:
    """What has not been retired, sold or lost."""
    return register().filter(state__in=OWNED)


def register_at(day: date, known_at: datetime | None = None) -> list[AsOf]:
    """The register as of a day, as it was known at a moment (now where none is given).

    One statement, however long the history is. What was ordered, moved or ended later, or was
    not recorded yet, is not seen. Name, kind and pool are as they are now.
    """
    with connection.cursor() as cursor:
        cursor.execute(AS_OF, {"day": day, "known": known_at or timezone.now()})
        return [AsOf(*row) for row in cursor.fetchall()]


def yields_of(ids: Sequence[int], on: date) -> dict[int, list[Yield]]:
    """What each of some assets brings per period on a day, by id of the asset; two statements."""
    resources = {row.pk: row for row in Resource.objects.all()}
    sums = (
        CapacityChange.objects.filter(Q(until=None) | Q(until__gt=on), asset_id__in=ids)
        .filter(since__lte=on)
        .values("asset_id", "resource_id")
        .annotate(now=Sum("change"), undisturbed=Sum("change", filter=Q(normal=True)))
        .order_by("asset_id", "resource__position", "resource__code")
    )
    found: dict[int, list[Yield]] = {}
    for row in sums:
        normal = row["undisturbed"] or 0
        if row["now"] or normal:
            brought = Yield(resources[row["resource_id"]], row["now"], normal)
            found.setdefault(row["asset_id"], []).append(brought)
    return found


def public_files() -> QuerySet[AssetFile]:
    """Files that everybody may see, without their bytes."""
    return files().filter(public=True)


def files() -> QuerySet[AssetFile]:
    """Files without their bytes, oldest first."""
    return AssetFile.objects.defer("content", "thumbnail").order_by("pk")


def custodian_of(asset: Asset) -> AssetCustody | None:
    """Who keeps an asset now."""
    running = AssetCustody.objects.filter(asset=asset, since__isnull=False, until=None)
    return running.select_related("member").first()


def offer_of(asset: Asset) -> AssetCustody | None:
    """The offer of custody that waits for an answer."""
    waiting = AssetCustody.objects.filter(asset=asset, answered_at=None)
    return waiting.select_related("member").first()


def custodies_of(member: Member) -> QuerySet[AssetCustody]:
    """What a member keeps, is asked to keep, and once kept; the offers first."""
    rows = AssetCustody.objects.filter(member=member).select_related("asset__pool")
    return rows.order_by("-answered_at", "-pk")


def offers_to(member: Member) -> QuerySet[AssetCustody]:
    """What a member is asked to keep and has not answered."""
    return custodies_of(member).filter(answered_at=None)


def faulty() -> QuerySet[Asset]:
    """Assets that wait for repair, with the event that says since when and why."""
    latest = Prefetch("events", AssetEvent.objects.order_by("-pk"))
    return register().filter(state=Asset.State.FAULTY).prefetch_related(latest)


def waiting() -> QuerySet[Asset]:
    """Assets that were ordered and are not in service."""
    return register().filter(state=Asset.State.ORDERED)


def upkeep_of(asset: Asset) -> QuerySet[UpkeepEntry]:
    """The work done on an asset, newest first; entries that were replaced are marked."""
    replaced = Exists(UpkeepEntry.objects.filter(corrects_id=OuterRef("pk")))
    rows = UpkeepEntry.objects.filter(asset=asset).annotate(replaced=replaced)
    return rows.select_related("member").order_by("-on", "-pk")


def upkeep_cost(asset: Asset) -> tuple[int, int]:
    """(cents, minutes) of all work on an asset, replaced entries left out."""
    standing = UpkeepEntry.objects.filter(asset=asset, corrected_by=None)
    found = standing.aggregate(cost=Sum("cost"), minutes=Sum("minutes"))
    return found["cost"] or 0, found["minutes"] or 0


def history_of(asset: Asset) -> list[Happening]:
    """Everything that was ever written down about an asset's life, newest first."""
    events = AssetEvent.objects.filter(asset=asset).select_related("actor")
    moves = AssetMove.objects.filter(asset=asset).select_related("actor")
    custodies = AssetCustody.objects.filter(asset=asset, since__isnull=False)
    changes = CapacityChange.objects.filter(asset=asset).select_related("resource")
    found = [
        *(Happening(row.on, row.recorded_at, "step", row) for row in events),
        *(Happening(row.on, row.recorded_at, "move", row) for row in moves),
        *_custody(custodies.select_related("member")),
        *(Happening(row.since, row.recorded_at, "capacity", row) for row in changes),
    ]
    return sorted(found, key=lambda line: (line.on, line.recorded_at), reverse=True)


def _custody(rows: Iterable[AssetCustody]) -> Iterable[Happening]:
    for row in rows:
        if row.since and row.answered_at:
            yield Happening(row.since, row.answered_at, "kept", row)
        if row.until and row.ended_at:
            yield Happening(row.until, row.ended_at, "given back", row)
