"""Thousands of assets with years of history: the same number of queries, and no page is slow."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assets.models import Asset
from tests.assets.things import serving, the_pool
from tests.makers import make_steward

pytestmark = pytest.mark.django_db
MANY = 4000
FILL = """
INSERT INTO assets_asset (code, pool_id, name, kind, manufacturer, model_name, serial, place,
    location, supplier, bill, cost, salvage, useful_months, units_created, in_service, state,
    paid_from, txn_id, registered_at)
SELECT 'M-' || n, %(pool)s, 'Router ' || n, 'router', 'Routix', 'R5', 'S' || n, 'Place ' || n %% 40,
    '', '', '', 1000, 0, 60, 0, '2000-01-01', 'in_service', 'grant', 1000000 + n, now()
FROM generate_series(1, %(many)s) n;
INSERT INTO assets_assetevent (asset_id, from_state, to_state, "on", reason, recorded_at)
SELECT id, '', 'in_service', '2000-01-01', '', now() FROM assets_asset WHERE code LIKE 'M-%%';
INSERT INTO assets_assetmove (asset_id, "on", place, location, reason, recorded_at)
SELECT a.id, date '2000-01-01' + year * 365, 'Place ' || year, '', '', now()
FROM assets_asset a, generate_series(0, 9) year WHERE a.code LIKE 'M-%%';
INSERT INTO assets_capacitychange (pool_id, resource_id, since, change, normal, source, asset_id,
    recorded_at)
SELECT a.pool_id, r.id, '2000-01-01', 900, true, 'x', a.id, now()
FROM assets_asset a JOIN assets_resource r ON r.code = 'bandwidth' WHERE a.code LIKE 'M-%%';
ANALYZE assets_asset, assets_assetevent, assets_assetmove, assets_capacitychange"""


def measured(client: Client, path: str) -> tuple[int, float]:
    """(queries, seconds) of a page."""
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        assert client.get(path).status_code == 200
        return len(queries), time.perf_counter() - began


def test_thousands_of_assets_ask_no_more_than_one(record_property: Any) -> None:
    steward, first = Client(), serving(place="Mill")
    steward.force_login(make_steward())
    paths = (
        "/assets/",
        "/assets/?q=router&state=all&page=2",
        "/assets/on/?day=2026-01-01",
        f"/assets/{first.pk}/",
        "/assets.jsonld",
        "/api/v1/assets",
    )
    before = {path: measured(steward, path)[0] for path in paths}
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"pool": the_pool().pk, "many": MANY})
    assert Asset.objects.count() == MANY + 1
    after = {path: measured(steward, path) for path in paths}
    for path, (_queries, seconds) in after.items():
        record_property(path, f"{seconds:.3f} s")
        print(f"{path}: {seconds:.3f} s")
    assert {path: queries for path, (queries, _seconds) in after.items()} == before
