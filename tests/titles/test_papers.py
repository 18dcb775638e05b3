"""A title on paper and as a credential: what it says, whom it names, and what shows tampering."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pypdf import PdfReader

from members.models import Member, NumberVoid
from signing import keys
from signing.errors import SigningError
from signing.multibase import from_base58, multikey, to_base58
from tests.makers import buy, make_member, make_pool, make_steward
from titles.models import Title
from titles.papers.credential import verify
from titles.services.chain import choose, replace
from titles.services.issue import Cause, Grant

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.fixture
def ana() -> Member:
    return make_member("Ana Serra")


@pytest.fixture
def title(ana: Member) -> Title:
    found = buy(ana, make_pool(treasury=100), 40).title
    assert found is not None
    return found


@pytest.fixture
def browser(client: Client, ana: Member) -> Client:
    assert ana.user is not None
    client.force_login(ana.user)
    return client


def canonical(value: Any) -> str:
    """RFC 8785 for what stands in a credential, written a second time and another way."""
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(k)}:{canonical(value[k])}" for k in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"',
             "\\": "\\\\"}  # fmt: skip
    return '"' + "".join(short.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'


def decoded(text: str) -> bytes:
    number = 0
    for character in text:
        number = number * 58 + BASE58.index(character)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def proves(document: dict[str, Any], controller: dict[str, Any]) -> bool:
    """An independent check of eddsa-jcs-2022, with the key that the issuer's document names."""
    proof = dict(document.pop("proof"))
    signature = decoded(proof.pop("proofValue").removeprefix("z"))
    method = next(
        m for m in controller["verificationMethod"] if m["id"] == proof["verificationMethod"]
    )
    assert method["id"] in controller["assertionMethod"]
    key = decoded(method["publicKeyMultibase"].removeprefix("z"))
    assert key[:2] == b"\xed\x01" and document["issuer"]["id"] == method["controller"]
    message = b"".join(
        hashlib.sha256(canonical(part).encode()).digest() for part in (proof, document)
    )
    try:
        VerifyKey(key[2:]).verify(message, signature)
    except BadSignatureError:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_anybody_can_check_the_credential(client: Client, title: Title) -> None:
    raw = client.get(f"/verify/{title.number}/credential").content
    document = json.loads(raw)
    assert raw == canonical(document).encode(), "our canonical form is that of RFC 8785"
    assert document["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert document["type"][0] == "VerifiableCredential"
    assert document["credentialSubject"]["title"]["units"] == 40
    assert "Ana" not in raw.decode() and "member" not in document["credentialSubject"]
    assert verify(raw, keys.public_key())["credentialSubject"] == document["credentialSubject"]
    assert raw == client.get(f"/verify/{title.number}/credential").content
    assert proves(document, client.get("/verify/issuer.json").json())


@pytest.mark.django_db(transaction=True)
def test_a_changed_credential_is_found(client: Client, title: Title) -> None:
    raw = client.get(f"/verify/{title.number}/credential").content
    controller = client.get("/verify/issuer.json").json()
    for old, new in (
        (b'"units":40', b'"units":41'),
        (b"assertionMethod", b"authentication"),
        (b'"created":"2', b'"created":"1'),
        (b'proofValue":"z', b'proofValue":"z1'),
        (b"#key-1", b"#key-2"),
    ):
        changed = raw.replace(old, new, 1)
        assert changed != raw
        with pytest.raises(SigningError):
            verify(changed, keys.public_key())
    changed = json.loads(raw.replace(b'"units":40', b'"units":41'))
    assert not proves(changed, controller)
    with pytest.raises(SigningError):
        verify(raw, bytes(SigningKey.generate().verify_key))


@pytest.mark.django_db(transaction=True)
def test_the_command_knows_credentials(
    client: Client, title: Title, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = client.get(f"/verify/{title.number}/credential").content
    (tmp_path / "good").write_bytes(raw)
    (tmp_path / "bad").write_bytes(raw.replace(b'"units":40', b'"units":41'))
    key = keys.public_key().hex()
    call_command("verify_title", str(tmp_path / "good"), "--key", key)
    assert "40 shares of Valley backbone" in capsys.readouterr().out
    with pytest.raises(CommandError, match="not genuine"):
        call_command("verify_title", str(tmp_path / "bad"), "--key", key)


@pytest.mark.parametrize(
    "raw", [b"", b"\0", b"\0\0\1", b"\xed\x01" + bytes(range(32)), b"\xff" * 64]
)
def test_base58_there_and_back(raw: bytes) -> None:
    assert from_base58(to_base58(raw)) == raw
    assert decoded(to_base58(raw).lstrip("1")) == raw.lstrip(b"\0")


def test_a_key_is_spelled_as_the_specification_does() -> None:
    key = bytes.fromhex("4bdeafde2ea8beefadd8c699b5c7e0704cf51154d52e17b20b71337ca04cc5a5")
    assert multikey(key) == "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"


@pytest.mark.django_db(transaction=True)
def test_the_certificate_is_one_tagged_page(browser: Client, title: Title) -> None:
    answer = browser.get(f"/titles/{title.number}/certificate.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    catalog = reader.trailer["/Root"]
    assert len(reader.pages) == 1
    assert catalog["/Lang"] == "en" and "/StructTreeRoot" in catalog
    assert catalog["/MarkInfo"]["/Marked"] and catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in catalog["/Metadata"].get_object().get_data()
    assert reader.metadata is not None and reader.metadata.title == "Title of ownership"
    said = reader.pages[0].extract_text()
    assert "Ana Serra" in said and "No. 0001" in said and "Hill mast" in said
    assert "Valley Net Cooperative" in said and "/verify/1/" in said


@pytest.mark.django_db(transaction=True)
def test_it_speaks_the_holders_language(browser: Client, title: Title) -> None:
    assert title.member.user is not None
    title.member.user.language = "de"
    title.member.user.save()
    answer = browser.get(f"/titles/{title.number}/certificate.pdf")
    assert PdfReader(io.BytesIO(answer.content)).trailer["/Root"]["/Lang"] == "de"


@pytest.mark.django_db(transaction=True)
def test_the_name_stands_only_in_the_holders_copy(client: Client, title: Title) -> None:
    address = f"/titles/{title.number}/certificate.pdf"
    assert client.get(address).status_code == 302
    client.force_login(make_steward())
    said = PdfReader(io.BytesIO(client.get(address).content)).pages[0].extract_text()
    assert "Ana" not in said and "member 1" in said
    other = make_member("Ben Mas").user
    assert other is not None
    client.force_login(other)
    assert client.get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_chain_can_be_followed_both_ways(client: Client, title: Title) -> None:
    ben = make_member("Ben Mas")
    pass_on(title, ben, 15)
    first = client.get(f"/verify/{title.number}/").text
    assert "passed on" in first and "/verify/2/" in first and "/verify/3/" in first
    second = client.get("/verify/2/").text
    assert "valid" in second and "/verify/1/" in second
    for page in (first, second):
        assert "Ana" not in page and "Ben" not in page and "Held by" not in page
    api = client.get("/api/v1/titles/1").json()
    assert (api["follows"], api["went_on_in"]) == ([], [2, 3])
    raw = client.get("/verify/2/credential").content
    assert client.get("/api/v1/titles/2/credential").content == raw
    facts = json.loads(raw)["credentialSubject"]["title"]
    assert facts["follows"] == [1]


@pytest.mark.django_db
def test_a_void_number_says_why(client: Client, title: Title) -> None:
    from django.utils import timezone

    NumberVoid.objects.create(
        kind="title", number=77, reason="Spoiled form", recorded_at=timezone.now()
    )
    page = client.get("/verify/77/")
    assert page.status_code == 404 and "Spoiled form" in page.text and "void" in page.text
    assert "void" not in client.get("/verify/78/").text


def pass_on(title: Title, receiver: Member, units: int) -> None:
    """Units of a title to somebody else, as the services of transfers do it."""
    from django.db import transaction

    from assets.accounts import holding_account
    from ledger.services import Leg, Posting, post
    from titles.accounts import capital_account

    pool = title.pool
    with transaction.atomic():
        chosen = choose(pool=pool, holder=title.member, units=units)
        legs = [
            Leg(holding_account(pool, title.member_id), -units),
            Leg(holding_account(pool, receiver.pk), units),
            Leg(capital_account(pool, title.member_id), chosen.capital),
            Leg(capital_account(pool, receiver.pk), -chosen.capital),
        ]
        txn = post(Posting(source="test", key=f"{title.pk}", kind="shares transferred", legs=legs))
        replace(
            pool=pool,
            chosen=chosen,
            takers=[Grant(receiver, units)],
            cause=Cause(Title.Origin.TRANSFER, txn),
            state=Title.State.TRANSFERRED,
        )
