"""Keys and vouches as pages and over the API."""

import base64
import json
import re

import pytest
from django.test import Client

from members.identity.queries import current_key, standing_vouches
from members.identity.statements import Draft
from members.models import MemberKey, Vouch
from signing.words import fingerprint_words
from tests.makers import make_member, make_steward
from tests.members.signers import Signer, vouch_for, with_key

pytestmark = pytest.mark.django_db


def client_of(signer: Signer) -> Client:
    client = Client()
    assert signer.member.user is not None
    client.force_login(signer.member.user)
    return client


def drafted(wire: dict[str, str]) -> Draft:
    return Draft(wire["payloadType"], base64.b64decode(wire["payload"]))


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def test_a_member_registers_replaces_and_ends_a_key_on_pages() -> None:
    first = Signer(make_member("Ana"))
    client = client_of(first)
    assert "You have no key yet" in page(client, "/me/keys/")
    for signer, seeds in ((first, []), (Signer(first.member), [first.seed])):
        ask = f"?public_key={signer.public_key}"
        assert signer.public_key in page(client, f"/me/keys/new/{ask}")
        statement = drafted(client.get(f"/me/keys/statement/{ask}").json())
        envelope = signer.sign(statement, *seeds).as_json().decode()
        answer = client.post(f"/me/keys/new/{ask}", {"envelope": envelope})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/me/keys/")
        assert fingerprint_words(bytes.fromhex(signer.public_key)) in page(client, "/me/keys/")
    assert MemberKey.objects.count() == 2
    answer = client.post("/me/keys/end/", {"end": "lost", "note": "The laptop is gone."})
    assert answer.status_code == 303
    assert "The laptop is gone." in page(client, "/me/keys/")


@pytest.mark.parametrize("envelope", ["", "{}", "not json", '{"payloadType":"x"}'])
def test_what_is_not_signed_is_refused_and_kept(envelope: str) -> None:
    signer = Signer(make_member("Ana"))
    client = client_of(signer)
    path = f"/me/keys/new/?public_key={signer.public_key}"
    answer = client.post(path, {"envelope": envelope})
    assert answer.status_code == 422
    assert current_key(signer.member) is None
    page(client, "/me/keys/new/?public_key=12", 422)
    page(client, "/me/keys/statement/?public_key=12", 404)


def test_a_member_vouches_and_withdraws_on_pages() -> None:
    ana, ben = with_key(make_member("Ana")), with_key(make_member("Ben"))
    client, number = client_of(ana), ben.member.number
    answer = client.get("/me/vouching/", {"number": str(number)})
    assert answer.headers["Location"] == f"/me/vouching/{number}/"
    assert "No chain" in page(client, f"/me/vouching/{number}/")
    page(client, f"/me/vouching/{number}/vouch/?days=9999", 422)
    assert "I know that this key" in page(client, f"/me/vouching/{number}/vouch/?days=30")
    statement = drafted(client.get(f"/me/vouching/{number}/statement/?days=30").json())
    answer = client.post(
        f"/me/vouching/{number}/vouch/?days=30",
        {"envelope": ana.sign(statement).as_json().decode()},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/vouching/")
    assert re.search(r"I vouch for</h2>.*Ben", page(client, "/me/vouching/"), re.S)
    assert re.search(r"vouch for me</h2>.*Ana", page(client_of(ben), "/me/vouching/"), re.S)
    assert "vouches for" in page(client, f"/me/vouching/{number}/")
    vouch = Vouch.objects.get()
    assert client_of(ben).post(f"/me/vouching/withdraw/{vouch.pk}/").status_code == 404
    assert client.post(f"/me/vouching/withdraw/{vouch.pk}/").status_code == 303
    assert not standing_vouches().exists()


def test_keys_and_vouches_are_for_members_only() -> None:
    vouch_for(with_key(make_member("Ana")), with_key(make_member("Ben")))
    for path in ("/me/keys/", "/me/vouching/", "/me/vouching/1/"):
        assert Client().get(path).status_code == 302
    for path in ("/api/v1/me/keys", "/api/v1/vouches", "/api/v1/vouches/paths?to=2"):
        assert Client().get(path).status_code in (401, 403)


def test_a_steward_ends_a_lost_key_and_nobody_else_does() -> None:
    ana = with_key(make_member("Ana"))
    path = f"/stewardship/register/{ana.member.pk}/key/"
    assert client_of(ana).get(path).status_code == 403
    steward = Client()
    steward.force_login(make_steward())
    assert "End the key of Ana" in page(steward, path)
    assert steward.post(path, {"end": "lost"}).status_code == 303
    assert current_key(ana.member) is None
    assert "no key to end" in page(steward, path)


def test_the_api_does_the_same() -> None:
    ana, ben = Signer(make_member("Ana")), with_key(make_member("Ben"))
    client = client_of(ana)

    def post(path: str, **values: object) -> tuple[int, dict[str, object]]:
        answer = client.post(f"/api/v1/{path}", json.dumps(values), "application/json")
        return answer.status_code, answer.json()

    _, wire = post("me/keys/drafts", public_key=ana.public_key)
    status, key = post("me/keys", envelope=ana.sign(drafted(wire)).as_dict())  # type: ignore[arg-type]
    assert (status, key["public_key"]) == (201, ana.public_key)
    _, wire = post("vouches/drafts", number=ben.member.number, days=30)
    status, vouch = post("vouches", envelope=ana.sign(drafted(wire)).as_dict())  # type: ignore[arg-type]
    assert (status, vouch["vouched"]) == (201, ben.member.number)
    found = client.get(f"/api/v1/vouches/paths?to={ben.member.number}").json()
    assert found == [[ana.member.number, ben.member.number]]
    assert [v["id"] for v in client.get("/api/v1/vouches").json()] == [vouch["id"]]
    assert post(f"vouches/{vouch['id']}/withdraw")[0] == 200
    assert client.get("/api/v1/vouches").json() == []
    assert post("me/keys/end", end="exposed")[1]["end"] == "exposed"
    assert post("me/keys/end", end="lost") == (409, post("me/keys/end", end="lost")[1])
    assert [k["end"] for k in client.get("/api/v1/me/keys").json()] == ["exposed"]
    assert post("me/keys", envelope={"payload": 1})[0] == 400
    assert client.get("/api/v1/vouches/paths?to=x").status_code == 400
