"""The register as linked data: schema.org and Valueflows terms in JSON-LD (docs/vocabulary.md).

What is said here is what the public page says, no more: no serial number, no exact place, and
who keeps a thing only by a pseudonym that stands nowhere else.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from assets import register
from assets.access import asset_or_404
from assets.models import Asset, AssetCustody, AssetEvent, AssetMove
from assets.register import Yield
from ledger.access import pseudonym
from members.queries import cooperative

LD, HTML = "application/ld+json", "text/html"
VF = "https://w3id.org/valueflows/ont/vf#"
ACTIONS = {
    Asset.State.IN_SERVICE: "produce",
    Asset.State.RETIRED: "lower",
    Asset.State.SOLD: "lower",
    Asset.State.LOST: "lower",
}
"""What a step is in Valueflows; a fault and its repair change no quantity and are no event."""
Node = dict[str, Any]


def terms(own: str) -> Node:
    """Our @context: every term used, and the namespace of the few that are our own."""
    return {
        "@version": 1.1,
        "vf": VF,
        "schema": "https://schema.org/",
        "om2": "http://www.ontology-of-units-of-measure.org/resource/om-2/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "coop": own,
        "EconomicResource": "vf:EconomicResource",
        "EconomicEvent": "vf:EconomicEvent",
        "ResourceSpecification": "vf:ResourceSpecification",
        "Organization": "schema:Organization",
        "IndividualProduct": "schema:IndividualProduct",
        "Place": "schema:Place",
        "PropertyValue": "schema:PropertyValue",
        "Measure": "om2:Measure",
        "Agent": "coop:Agent",
        "name": "schema:name",
        "legalName": "schema:legalName",
        "description": "schema:description",
        "url": {"@id": "schema:url", "@type": "@id"},
        "identifier": "schema:identifier",
        "category": "schema:category",
        "manufacturer": "schema:manufacturer",
        "model": "schema:model",
        "image": {"@id": "schema:image", "@type": "@id"},
        "additionalProperty": "schema:additionalProperty",
        "propertyID": "schema:propertyID",
        "value": {"@id": "schema:value", "@type": "xsd:decimal"},
        "unitText": "schema:unitText",
        "trackingIdentifier": "vf:trackingIdentifier",
        "conformsTo": {"@id": "vf:conformsTo", "@type": "@id"},
        "primaryAccountable": {"@id": "vf:primaryAccountable", "@type": "@id"},
        "currentLocation": "vf:currentLocation",
        "onhandQuantity": "vf:onhandQuantity",
        "accountingQuantity": "vf:accountingQuantity",
        "resourceQuantity": "vf:resourceQuantity",
        "hasUnit": {"@id": "om2:hasUnit", "@type": "@id"},
        "hasNumericalValue": {"@id": "om2:hasNumericalValue", "@type": "xsd:decimal"},
        "state": "vf:state",
        "action": {"@id": "vf:action", "@type": "@id"},
        "provider": {"@id": "vf:provider", "@type": "@id"},
        "receiver": {"@id": "vf:receiver", "@type": "@id"},
        "resourceInventoriedAs": {"@id": "vf:resourceInventoriedAs", "@type": "@id"},
        "hasPointInTime": {"@id": "vf:hasPointInTime", "@type": "xsd:date"},
        "toLocation": "vf:toLocation",
        "custodian": {"@id": "coop:custodian", "@type": "@id"},
        "pool": "coop:pool",
        "inServiceSince": {"@id": "coop:inServiceSince", "@type": "xsd:date"},
        "endedOn": {"@id": "coop:endedOn", "@type": "xsd:date"},
        "unitsCreated": {"@id": "coop:unitsCreated", "@type": "xsd:integer"},
        "normalValue": {"@id": "coop:normalValue", "@type": "xsd:decimal"},
        "events": {"@reverse": "vf:resourceInventoriedAs"},
    }


class Writer:
    """Writes assets as nodes with the addresses of one site."""

    def __init__(self, request: HttpRequest) -> None:
        self.root = request.build_absolute_uri("/")
        self.register = request.build_absolute_uri(reverse("assets:register_jsonld"))
        self.context = request.build_absolute_uri(reverse("assets:context"))
        self.request = request

    def address(self, asset: Asset) -> str:
        """What names an asset: the page that a label opens."""
        return self.request.build_absolute_uri(reverse("assets:asset", args=[asset.pk]))

    def owner(self) -> Node:
        """The cooperative that is accountable for all of it."""
        found = cooperative()
        return {
            "@id": f"{self.root}#cooperative",
            "@type": "Organization",
            "name": found.name,
            "legalName": found.legal_name,
            "url": self.root,
        }

    def keeper(self, custody: AssetCustody) -> str:
        """A name for who keeps things, which is not their name, nor the one in the books."""
        return f"{self.register}#keeper-{pseudonym(f'custodian/{custody.member_id}')}"

    def asset(self, asset: Asset, brought: Iterable[Yield], custody: AssetCustody | None) -> Node:
        """One asset."""
        node: Node = {
            "@id": self.address(asset),
            "@type": ["EconomicResource", "IndividualProduct"],
            "name": asset.name,
            "identifier": asset.code,
            "trackingIdentifier": asset.code,
            "category": asset.kind,
            "conformsTo": {
                "@id": f"{self.register}#type-{slug(asset.kind)}",
                "@type": "ResourceSpecification",
                "name": asset.kind,
            },
            "primaryAccountable": f"{self.root}#cooperative",
            "pool": asset.pool.name,
            "state": asset.state,
            "onhandQuantity": measure(0 if asset.ended_on else 1),
            "unitsCreated": str(asset.units_created),
            "additionalProperty": [self.brings(row) for row in brought],
        }
        return {**node, **self.known(asset), **self.kept(custody)}

    def known(self, asset: Asset) -> Node:
        """What may be left out where it is not known."""
        maker = {"@type": "Organization", "name": asset.manufacturer}
        found: Node = {
            "manufacturer": maker if asset.manufacturer else None,
            "model": asset.model_name,
            "currentLocation": place(asset.place) if asset.place else None,
            "inServiceSince": day(asset.in_service),
            "endedOn": day(asset.ended_on),
        }
        return {name: value for name, value in found.items() if value}

    def kept(self, custody: AssetCustody | None) -> Node:
        """Who keeps it: a member under a pseudonym, or the cooperative itself."""
        return {"custodian": self.keeper(custody) if custody else f"{self.root}#cooperative"}

    def brings(self, row: Yield) -> Node:
        """What it yields per period; in whole tokens with their decimals."""
        return {
            "@type": "PropertyValue",
            "propertyID": row.resource.code,
            "name": row.resource.name,
            "value": tokens(row.now),
            "normalValue": tokens(row.normal),
            "unitText": row.resource.unit,
        }

    def events(self, asset: Asset) -> list[Node]:
        """Its coming into service, its moves, who kept it, its end: oldest first."""
        steps = AssetEvent.objects.filter(asset=asset, to_state__in=ACTIONS).order_by("pk")
        moves = AssetMove.objects.filter(asset=asset).order_by("pk")
        kept = AssetCustody.objects.filter(asset=asset, since__isnull=False).order_by("pk")
        found = [
            *(self.step(row) for row in steps if row.from_state != Asset.State.FAULTY),
            *(self.move(row) for row in moves),
            *(node for row in kept for node in self.custody(row)),
        ]
        return sorted(found, key=lambda node: str(node["hasPointInTime"]))

    def step(self, row: AssetEvent) -> Node:
        """A step that changed what there is."""
        action = ACTIONS[Asset.State(row.to_state)]
        return self.event(f"event-{row.pk}", row.asset_id, action, row.on)

    def move(self, row: AssetMove) -> Node:
        """A move, to a coarse place."""
        node = self.event(f"move-{row.pk}", row.asset_id, "move", row.on)
        return {**node, "toLocation": place(row.place)} if row.place else node

    def custody(self, row: AssetCustody) -> Iterable[Node]:
        """The handing over to a member, and the coming back."""
        keeper, own = self.keeper(row), f"{self.root}#cooperative"
        for name, on, ends in (
            ("given", row.since, (own, keeper)),
            ("back", row.until, (keeper, own)),
        ):
            if on is not None:
                node = self.event(f"{name}-{row.pk}", row.asset_id, "transferCustody", on)
                yield {**node, "provider": ends[0], "receiver": ends[1]}

    def event(self, name: str, asset_id: int, action: str, on: date) -> Node:
        """What all events have in common."""
        address = self.request.build_absolute_uri(reverse("assets:asset", args=[asset_id]))
        return {
            "@id": f"{address}#{name}",
            "@type": "EconomicEvent",
            "action": f"{VF}{action}",
            "provider": f"{self.root}#cooperative",
            "receiver": f"{self.root}#cooperative",
            "hasPointInTime": on.isoformat(),
            "resourceQuantity": measure(1),
        }


def measure(number: int) -> Node:
    """So many things."""
    return {"@type": "Measure", "hasUnit": "om2:one", "hasNumericalValue": str(number)}


def place(name: str) -> Node:
    """A coarse place."""
    return {"@type": "Place", "name": name}


def day(on: date | None) -> str | None:
    """A day as ISO 8601 writes it."""
    return on.isoformat() if on else None


def tokens(millitokens: int) -> str:
    """Millitokens as an exact decimal number of tokens."""
    sign, whole = "-" if millitokens < 0 else "", abs(millitokens)
    return f"{sign}{whole // 1000}.{whole % 1000:03d}"


def slug(kind: str) -> str:
    """A kind as part of an address."""
    return "-".join("".join(c if c.isalnum() else " " for c in kind.lower()).split())


def is_wanted(request: HttpRequest) -> bool:
    """Whether who asks would rather have linked data than a page."""
    return request.get_preferred_type([HTML, LD]) == LD


def asset_response(request: HttpRequest, asset: Asset) -> HttpResponse:
    """One asset with its events."""
    writer = Writer(request)
    brought = register.yields_of([asset.pk], timezone.localdate()).get(asset.pk, [])
    node = writer.asset(asset, brought, register.custodian_of(asset))
    node["primaryAccountable"] = writer.owner()
    return respond({"@context": writer.context, **node, "events": writer.events(asset)})


def register_response(request: HttpRequest) -> HttpResponse:
    """Everything that we have, without its events; as many queries for one asset as for many."""
    writer, assets = Writer(request), list(register.owned())
    brought = register.yields_of([asset.pk for asset in assets], timezone.localdate())
    running = AssetCustody.objects.filter(since__isnull=False, until=None)
    kept = {row.asset_id: row for row in running}
    nodes = [writer.asset(a, brought.get(a.pk, []), kept.get(a.pk)) for a in assets]
    return respond({"@context": writer.context, "@graph": [writer.owner(), *nodes]})


def respond(document: Node) -> HttpResponse:
    """Linked data that any page of any site may read."""
    response = JsonResponse(document, content_type=LD, json_dumps_params={"ensure_ascii": False})
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept"])
    return response


@require_GET
def asset_view(request: HttpRequest, asset_id: int) -> HttpResponse:
    """One asset as linked data."""
    return asset_response(request, asset_or_404(asset_id))


@require_GET
def register_view(request: HttpRequest) -> HttpResponse:
    """The whole register as linked data."""
    return register_response(request)


@require_GET
def context_view(request: HttpRequest) -> HttpResponse:
    """What the terms mean."""
    own = request.build_absolute_uri(reverse("assets:context")) + "#"
    response = respond({"@context": terms(own)})
    response["Cache-Control"] = "public, max-age=86400"
    return response
