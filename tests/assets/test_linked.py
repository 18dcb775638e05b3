"""The register as linked data: what a reader of JSON-LD makes of it, with no network."""

import json
from typing import Any

import pytest
from django.test import Client
from pyld import jsonld

from assets.linked import VF
from assets.services import (
    answer_custody,
    end_asset,
    move_asset,
    offer_custody,
    report_faulty,
    report_repaired,
)
from ledger.access import pseudonym
from tests.assets.things import days_ago, serving
from tests.makers import make_member

pytestmark = pytest.mark.django_db
SCHEMA = "https://schema.org/"
OM = "http://www.ontology-of-units-of-measure.org/resource/om-2/"
SITE = "http://testserver/"


def loaded(path: str) -> Any:
    return json.loads(Client().get(path).content)


def from_this_site(url: str, _options: Any) -> dict[str, Any]:
    """Loads the context from the site itself, and refuses every other address."""
    assert url == f"{SITE}assets/context.jsonld", f"nothing is fetched from {url}"
    found = loaded("/assets/context.jsonld")
    return {"contextUrl": None, "documentUrl": url, "document": found, "contentType": None}


def expanded(path: str) -> Any:
    return jsonld.expand(loaded(path), {"documentLoader": from_this_site})


def only(node: Any, term: str) -> Any:
    (value,) = node[term]
    return value.get("@value", value.get("@id", value))


def every_key(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in every_key(item)}
    if isinstance(value, dict):
        return {*value, *(key for item in value.values() for key in every_key(item))}
    return set()


def test_an_asset_is_a_resource_of_the_cooperative_and_a_product() -> None:
    asset = serving(place="Mill", manufacturer="Routix", model_name="R5", bandwidth=1500)
    (node,) = expanded(f"/assets/{asset.pk}.jsonld")
    assert node["@id"] == f"{SITE}assets/{asset.pk}/"
    assert node["@type"] == [f"{VF}EconomicResource", f"{SCHEMA}IndividualProduct"]
    assert only(node, f"{VF}trackingIdentifier") == asset.code
    assert only(node, f"{VF}primaryAccountable") == f"{SITE}#cooperative"
    place = node[f"{VF}currentLocation"][0]
    assert (place["@type"], only(place, f"{SCHEMA}name")) == ([f"{SCHEMA}Place"], "Mill")
    brought = node[f"{SCHEMA}additionalProperty"][0]
    assert brought[f"{SCHEMA}value"] == [
        {"@type": "http://www.w3.org/2001/XMLSchema#decimal", "@value": "1.500"}
    ]
    assert only(node[f"{VF}onhandQuantity"][0], f"{OM}hasNumericalValue") == "1"


def test_nothing_is_lost_for_want_of_a_term() -> None:
    asset = serving(place="Mill", manufacturer="Routix", model_name="R5")
    for path in (f"/assets/{asset.pk}.jsonld", "/assets.jsonld"):
        context = loaded("/assets/context.jsonld")["@context"]
        unknown = {k for k in every_key(loaded(path)) if not k.startswith("@")} - set(context)
        assert unknown == set()
        assert all(key.startswith(("@", "http")) for key in every_key(expanded(path)))


def test_its_life_is_told_as_events_and_its_keeper_by_a_name_of_no_other_use() -> None:
    asset, ana = (
        serving(ago=20, place="Mill", location="Loft 3", serial="SER-1"),
        make_member("Ana"),
    )
    report_faulty(asset_id=asset.pk, on=days_ago(9), reason="x", actor=None)
    report_repaired(asset_id=asset.pk, on=days_ago(8), reason="x", actor=None)
    move_asset(asset_id=asset.pk, on=days_ago(5), place="Hill", location="", reason="", actor=None)
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    assert ana.user is not None
    answer_custody(custody_id=offer.pk, accepts=True, actor=ana.user)
    end_asset(asset_id=asset.pk, to=asset.State.SOLD, on=days_ago(0), reason="x", actor=None)
    (node,) = expanded(f"/assets/{asset.pk}.jsonld")
    events = node["@reverse"][f"{VF}resourceInventoriedAs"]
    told = [
        (only(e, f"{VF}action").removeprefix(VF), only(e, f"{VF}hasPointInTime")) for e in events
    ]
    days = [day for _action, day in told]
    assert days == sorted(days)
    assert sorted(action for action, _day in told) == [
        "lower",
        "move",
        "move",
        "produce",
        "transferCustody",
        "transferCustody",
    ]
    given = [e for e in events if only(e, f"{VF}action") == f"{VF}transferCustody"]
    keepers = {only(e, f"{VF}{end}") for e in given for end in ("provider", "receiver")}
    (keeper,) = (name for name in keepers if "keeper-" in name)
    raw = Client().get(f"/assets/{asset.pk}.jsonld").content.decode()
    assert not [word for word in ("Ana", "Loft 3", "SER-1", f"member/{ana.pk}") if word in raw]
    assert pseudonym(f"member/{ana.pk}") not in keeper


def test_the_whole_register_is_one_graph_that_everybody_may_fetch() -> None:
    assets = [serving(f"Router {n}") for n in range(3)]
    end_asset(
        asset_id=assets[0].pk, to=assets[0].State.LOST, on=days_ago(0), reason="x", actor=None
    )
    answer = Client().get("/assets.jsonld")
    assert answer["Access-Control-Allow-Origin"] == "*"
    nodes = {node["@id"]: node for node in expanded("/assets.jsonld")}
    assert set(nodes) == {f"{SITE}#cooperative", *(f"{SITE}assets/{a.pk}/" for a in assets[1:])}
    triples = jsonld.to_rdf(loaded("/assets.jsonld"), {"documentLoader": from_this_site})
    assert len(triples["@default"]) > 20


def test_pages_say_where_their_data_is() -> None:
    asset = serving()
    for path, data in (
        ("/assets/", "/assets.jsonld"),
        (f"/assets/{asset.pk}/", f"/assets/{asset.pk}.jsonld"),
    ):
        text = Client().get(path).content.decode()
        assert f'<link rel="alternate" type="application/ld+json" href="{data}">' in text
        assert '<script type="application/ld+json"' not in text
