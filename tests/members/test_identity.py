"""Members' own keys: proof of possession, rotation, ends, and what a signature is worth when."""

import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger.models import Document
from members.identity import statements
from members.identity.errors import (
    EndUnknown,
    HasKey,
    KeyEnded,
    KeyTaken,
    NoKey,
    NotAKey,
    NotAMember,
    NotAStatement,
    NotSigned,
    StatementChanged,
    StatementTooOld,
)
from members.identity.queries import current_key, key_at
from members.models import Member, MemberKey
from members.services import (
    change_state,
    draft_key,
    register_key,
    revoke_key,
    rotate_key,
    verify_statement,
)
from signing import dsse, strict_json
from signing.words import fingerprint_words
from tests.at_once import run_at_once
from tests.makers import all_wrong, make_cooperative, make_member
from tests.members.signers import Signer, register, rotate, signed, with_key

ROOT = Path(__file__).parents[2]
KIND = dsse.payload_type("test-statement")


def say(signer: Signer, words: str = "hello") -> dsse.Envelope:
    return dsse.sign(signer.seed, KIND, strict_json.dumps({"words": words}))


@pytest.mark.django_db
def test_who_holds_a_key_registers_it_and_the_log_covers_it() -> None:
    signer = Signer(make_member())
    key = register(signer)
    assert (key.public_key, key.keyid) == (
        signer.public_key,
        dsse.keyid(bytes.fromhex(signer.public_key)),
    )
    assert current_key(signer.member) == key
    digest = statements.key_digest(bytes(key.proof), bytes(key.salt))
    assert Document.objects.filter(kind="member-key", digest=digest).count() == 1
    assert all_wrong() == []


@pytest.mark.django_db
def test_the_same_registration_twice_is_one() -> None:
    signer = Signer(make_member())
    draft = draft_key(member=signer.member, public_key=signer.public_key)
    envelope = signer.sign(draft)
    first = register_key(member_id=signer.member.pk, envelope=envelope, actor=None)
    assert register_key(member_id=signer.member.pk, envelope=envelope, actor=None) == first
    assert MemberKey.objects.count() == 1


@pytest.mark.django_db
def test_nobody_registers_a_key_that_they_do_not_hold() -> None:
    member, thief = make_member("Ana"), Signer(make_member("Mallory"))
    anas = Signer(member)
    draft = draft_key(member=thief.member, public_key=anas.public_key)
    with pytest.raises(NotSigned):
        register_key(member_id=thief.member.pk, envelope=thief.sign(draft), actor=None)


@pytest.mark.django_db
def test_a_registration_is_not_taken_for_somebody_else() -> None:
    signer, other = Signer(make_member("Ana")), make_member("Ben")
    draft = draft_key(member=signer.member, public_key=signer.public_key)
    with pytest.raises(StatementChanged):
        register_key(member_id=other.pk, envelope=signer.sign(draft), actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["member", "public_key", "drafted_at", "cooperative", "seal"])
def test_words_that_the_site_did_not_draft_are_refused(field: str) -> None:
    signer = Signer(make_member())
    draft = draft_key(member=signer.member, public_key=signer.public_key)
    document = strict_json.loads(draft.payload)
    document[field] = 7 if field == "member" else document[field][:-1] + "0"
    forged = replace(draft, payload=strict_json.dumps({**document, "v": 1}))
    if forged.payload == draft.payload:
        forged = replace(draft, payload=strict_json.dumps({**document, field: "1"}))
    with pytest.raises(StatementChanged):
        register_key(member_id=signer.member.pk, envelope=signer.sign(forged), actor=None)


@pytest.mark.django_db
def test_a_statement_is_good_for_a_day() -> None:
    signer, now = Signer(make_member()), timezone.now()
    old = draft_key(
        member=signer.member, public_key=signer.public_key, at=now - timedelta(days=1, minutes=1)
    )
    early = draft_key(
        member=signer.member, public_key=signer.public_key, at=now + timedelta(hours=1)
    )
    for draft in (old, early):
        with pytest.raises(StatementTooOld):
            register_key(member_id=signer.member.pk, envelope=signer.sign(draft), actor=None)


@pytest.mark.django_db
def test_one_kind_of_statement_never_passes_for_another() -> None:
    signer = Signer(make_member())
    draft = draft_key(member=signer.member, public_key=signer.public_key)
    other = replace(draft, payload_type=statements.VOUCH)
    with pytest.raises(NotAStatement):
        register_key(member_id=signer.member.pk, envelope=signer.sign(other), actor=None)
    relabelled = replace(signer.sign(other), payload_type=statements.KEY)
    with pytest.raises(NotSigned):
        register_key(member_id=signer.member.pk, envelope=relabelled, actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "12", "g" * 64, "ab" * 33])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NotAKey):
        draft_key(member=make_member(), public_key=text)


@pytest.mark.django_db
def test_a_key_of_small_order_signs_nothing() -> None:
    member = make_member()
    draft = draft_key(member=member, public_key="00" * 32)
    envelope = dsse.Envelope(draft.payload_type, draft.payload, (dsse.Signature("", bytes(64)),))
    with pytest.raises(NotSigned):
        register_key(member_id=member.pk, envelope=envelope, actor=None)


@pytest.mark.django_db
def test_only_members_have_keys() -> None:
    make_cooperative()
    member = make_member()
    change_state(member_id=member.pk, to="left", reason="resignation", actor=None)
    member.refresh_from_db()
    with pytest.raises(NotAMember):
        draft_key(member=member, public_key=Signer(member).public_key)


@pytest.mark.django_db
def test_a_key_belongs_to_one_member_for_ever() -> None:
    ana, ben = with_key(make_member("Ana")), make_member("Ben")
    with pytest.raises(KeyTaken):
        register(Signer(ben, ana.seed))
    revoke_key(member_id=ana.member.pk, end="retired", actor=None)
    for member in (ana.member, ben):
        with pytest.raises(KeyTaken):
            register(Signer(member, ana.seed))


@pytest.mark.django_db
def test_a_drafted_key_that_another_registered_meanwhile_is_refused() -> None:
    ana, ben = Signer(make_member("Ana")), make_member("Ben")
    copy = Signer(ben, ana.seed)
    draft = draft_key(member=ben, public_key=copy.public_key)
    register(ana)
    with pytest.raises(KeyTaken):
        register_key(member_id=ben.pk, envelope=copy.sign(draft), actor=None)


@pytest.mark.django_db
def test_a_second_key_must_be_signed_by_both() -> None:
    ana = with_key(make_member("Ana"))
    new = Signer(ana.member)
    draft = draft_key(member=ana.member, public_key=new.public_key)
    for seeds in ([ana.seed], [new.seed]):
        with pytest.raises(NotSigned):
            rotate_key(member_id=ana.member.pk, envelope=signed(draft, *seeds), actor=None)
    envelope = signed(draft, new.seed, ana.seed)
    key = rotate_key(member_id=ana.member.pk, envelope=envelope, actor=None)
    assert rotate_key(member_id=ana.member.pk, envelope=envelope, actor=None) == key
    old = MemberKey.objects.get(public_key=ana.public_key)
    assert (old.end, old.revoked_at, key.succeeds) == ("rotated", key.registered_at, old)
    assert Document.objects.filter(kind="member-key-end").count() == 1
    assert all_wrong() == []


@pytest.mark.django_db
def test_a_registration_drafted_before_another_key_came_is_refused() -> None:
    ana = Signer(make_member("Ana"))
    other = Signer(ana.member)
    draft = draft_key(member=ana.member, public_key=other.public_key)
    register(ana)
    with pytest.raises(HasKey):
        register_key(member_id=ana.member.pk, envelope=other.sign(draft), actor=None)


@pytest.mark.django_db
def test_a_rotation_is_over_the_key_that_it_names() -> None:
    ana = with_key(make_member("Ana"))
    third = Signer(ana.member)
    draft = draft_key(member=ana.member, public_key=third.public_key)
    second = rotate(ana)
    with pytest.raises(StatementChanged):
        rotate_key(
            member_id=ana.member.pk,
            envelope=signed(draft, third.seed, ana.seed, second.seed),
            actor=None,
        )


@pytest.mark.django_db
def test_a_key_ends_once_and_says_why() -> None:
    ana = with_key(make_member("Ana"))
    with pytest.raises(EndUnknown):
        revoke_key(member_id=ana.member.pk, end="rotated", actor=None)
    key = revoke_key(
        member_id=ana.member.pk, end="lost", note="The laptop is gone.", actor=ana.member.user
    )
    assert revoke_key(member_id=ana.member.pk, end="lost", actor=None) == key
    with pytest.raises(NoKey):
        revoke_key(member_id=ana.member.pk, end="exposed", actor=None)
    key.refresh_from_db()
    assert (key.end, key.note, key.revoked_by) == ("lost", "The laptop is gone.", ana.member.user)
    assert current_key(ana.member) is None
    register(Signer(ana.member))
    assert all_wrong() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "ab" * 32},
        {"end": "retired"},
        {"revoked_at": None, "end": "", "end_document": None},
        {"salt": b"other"},
        {"note": "something else"},
    ],
)
def test_the_database_keeps_a_key_as_it_was_recorded(change: dict[str, object]) -> None:
    ana = with_key(make_member("Ana"))
    revoke_key(member_id=ana.member.pk, end="lost", note="gone", actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberKey.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberKey.objects.all().delete()
    MemberKey.objects.update(note="")


@pytest.mark.django_db
def test_a_statement_is_worth_what_its_key_was_worth_at_that_moment() -> None:
    ana, ben = with_key(make_member("Ana")), with_key(make_member("Ben"))
    began = MemberKey.objects.get(public_key=ana.public_key).registered_at
    new = rotate(ana)
    changed = MemberKey.objects.get(public_key=new.public_key).registered_at
    old_words, new_words = say(ana), say(new)
    assert verify_statement(
        member=ana.member, envelope=old_words, kind=KIND, at=began
    ).payload == strict_json.dumps({"words": "hello"})
    late = changed + timedelta(days=400)
    assert verify_statement(
        member=ana.member, envelope=new_words, kind=KIND, at=late
    ).key == key_at(ana.member, late)
    before = began - timedelta(microseconds=1)
    for envelope, at in ((old_words, changed), (new_words, began), (old_words, before)):
        with pytest.raises(KeyEnded):
            verify_statement(member=ana.member, envelope=envelope, kind=KIND, at=at)
    with pytest.raises(NotSigned):
        verify_statement(member=ana.member, envelope=say(ben), kind=KIND, at=late)
    with pytest.raises(NotSigned):
        verify_statement(member=ana.member, envelope=new_words, kind=statements.VOUCH, at=late)
    with pytest.raises(NoKey):
        verify_statement(member=make_member("Cleo"), envelope=old_words, kind=KIND, at=late)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_register_one_key_at_once_one_gets_it() -> None:
    seed = bytes(range(32))
    signers = [Signer(make_member(f"M{n}"), seed) for n in range(20)]
    drafts = [draft_key(member=s.member, public_key=s.public_key) for s in signers]

    def job(signer: Signer, envelope: dsse.Envelope) -> object:
        return register_key(member_id=signer.member.pk, envelope=envelope, actor=None)

    envelopes = [s.sign(d) for s, d in zip(signers, drafts, strict=True)]
    jobs = [lambda s=s, e=e: job(s, e) for s, e in zip(signers, envelopes, strict=True)]
    results = run_at_once(jobs)
    assert sum(isinstance(r, MemberKey) for r in results) == 1
    assert sum(isinstance(r, KeyTaken) for r in results) == 19
    assert MemberKey.objects.count() == Document.objects.filter(kind="member-key").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_keys_that_one_member_registers_at_once_one_is_current() -> None:
    member = make_member("Ana")
    signers = [Signer(member) for _ in range(10)]
    sent = [s.sign(draft_key(member=member, public_key=s.public_key)) for s in signers]
    results = run_at_once(
        [lambda e=e: register_key(member_id=member.pk, envelope=e, actor=None) for e in sent]
    )
    assert sorted(type(r).__name__ for r in results) == ["HasKey"] * 9 + ["MemberKey"]


@pytest.mark.django_db
def test_coop_key_makes_keys_and_signs_what_the_register_takes(tmp_path: Path) -> None:
    member: Member = make_member("Ana")
    file, statement, out = tmp_path / "ana.key", tmp_path / "draft.json", tmp_path / "signed.json"
    made = coop_key("new", str(file), typed="long enough\nlong enough\n")
    assert made.returncode == 0, made.stderr
    public_key = json.loads(file.read_text())["public_key"]
    assert public_key in made.stdout and fingerprint_words(bytes.fromhex(public_key)) in made.stdout
    assert file.stat().st_mode & 0o077 == 0
    statement.write_bytes(draft_key(member=member, public_key=public_key).as_json())
    sign = ("sign", str(statement), "--key", str(file), "--out", str(out))
    wrong = coop_key(*sign, "--yes", typed="another one\n")
    assert (wrong.returncode, out.exists()) == (2, False)
    doubted = coop_key(*sign, typed="no\n")
    assert (doubted.returncode, out.exists()) == (2, False)
    assert "This key is mine" in doubted.stderr
    done = coop_key(*sign, typed="yes\nlong enough\n")
    assert done.returncode == 0, done.stderr
    envelope = statements.envelope_of(out.read_bytes())
    key = register_key(member_id=member.pk, envelope=envelope, actor=None)
    assert key.public_key == public_key
    again = coop_key("new", str(file), typed="long enough\nlong enough\n")
    assert again.returncode == 2 and json.loads(file.read_text())["public_key"] == public_key


def coop_key(*words: str, typed: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "bin" / "coop-key"), *words],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
