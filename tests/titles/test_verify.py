"""A title checked without the site, and forged ones found."""

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from signing import dsse, keys
from signing.errors import SigningError
from tests.makers import buy, make_member, make_pool
from titles import certificate
from titles.invariants import titles_say_what_was_signed
from titles.models import Title
from titles.queries import facts_of
from titles.verify import is_genuine, verify_title

pytestmark = pytest.mark.django_db


@pytest.fixture
def title() -> Title:
    buy(make_member("Ana Serra"), make_pool(treasury=100), 20)
    return Title.objects.get()


@pytest.fixture
def document(title: Title, tmp_path: Path) -> Path:
    path = tmp_path / "title.json"
    path.write_bytes(bytes(title.envelope))
    return path


def change_payload(document: Path, **changes: Any) -> None:
    envelope = json.loads(document.read_bytes())
    payload = json.loads(base64.b64decode(envelope["payload"])) | changes
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    document.write_text(json.dumps(envelope))


def test_a_genuine_title_is_confirmed_in_a_sentence(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_title", str(document))
    said = capsys.readouterr().out
    assert "Title 1 is genuine" in said
    assert "20 shares of Valley backbone" in said


def test_a_key_can_be_given_as_hex_or_as_a_file(document: Path, tmp_path: Path) -> None:
    hexed = keys.public_key().hex()
    (tmp_path / "key.hex").write_text(hexed + "\n")
    call_command("verify_title", str(document), key=hexed)
    call_command("verify_title", str(document), key=str(tmp_path / "key.hex"))


def test_the_holder_proves_their_name_with_the_salt(document: Path, title: Title) -> None:
    salt = bytes(title.salt).hex()
    call_command("verify_title", str(document), name="Ana Serra", salt=salt)
    for name, wrong in (("Ana Serr", salt), ("Ana Serra", "00"), ("Ana Serra", "no hex")):
        with pytest.raises(CommandError):
            call_command("verify_title", str(document), name=name, salt=wrong)


@pytest.mark.parametrize("changes", [{"units": 2000}, {"number": 2}, {"v": 2}, {"extra": 1}])
def test_a_title_with_another_content_is_refused(document: Path, changes: dict[str, Any]) -> None:
    change_payload(document, **changes)
    with pytest.raises(CommandError, match="not genuine"):
        call_command("verify_title", str(document))


def test_a_title_signed_by_somebody_else_is_refused(document: Path) -> None:
    envelope = dsse.Envelope.from_json(document.read_bytes())
    forged = dsse.sign(b"\7" * 32, certificate.PAYLOAD_TYPE, envelope.payload)
    document.write_bytes(forged.as_json())
    with pytest.raises(CommandError, match="another key"):
        call_command("verify_title", str(document))
    assert not is_genuine(document.read_bytes(), keys.public_key())


def test_another_signed_document_does_not_pass_for_a_title(title: Title) -> None:
    payload = dsse.Envelope.from_json(bytes(title.envelope)).payload
    receipt = keys.sign_document(dsse.payload_type("receipt"), payload)
    with pytest.raises(SigningError):
        verify_title(receipt.as_json(), keys.public_key())


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"payloadType":1}', b"null"])
def test_what_is_no_title_is_named_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="not a title"):
        call_command("verify_title", str(path))


def test_a_missing_file_and_a_bad_key_are_named(document: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_title", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="public key"):
        call_command("verify_title", str(document), key="abcd")


def test_a_title_names_neither_its_transaction_nor_its_moment(title: Title) -> None:
    facts = facts_of(title)
    assert facts["reference"] == str(title.reference)
    assert uuid.UUID(facts["reference"]).version == 4
    assert facts["issued_on"] == timezone.localdate(title.issued_at).isoformat()
    assert set(facts) == certificate.FIELDS
    assert title.subscription.charge.reference not in str(facts)
    assert f"{title.issued_at:%H:%M:%S}" not in str(facts)


@pytest.mark.parametrize(
    "tampering",
    [
        "origin = 'founding'",
        "reference = gen_random_uuid()",
        "units = 21",
        "number = 2",
        "envelope = '{}'",
        "member_id = %(other)s",
    ],
)
def test_a_row_changed_past_the_rules_is_found(title: Title, tampering: str) -> None:
    assert titles_say_what_was_signed() == []
    other = make_member("Ben").pk
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE titles_title SET {tampering}", {"other": other})
    assert len(titles_say_what_was_signed()) == 1
